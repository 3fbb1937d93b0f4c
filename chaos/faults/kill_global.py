"""The global control plane dies: zones go on with what they have."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("kill-global", Kind.GLOBAL, Part.NOTHING, "control-planes-dispensable")
