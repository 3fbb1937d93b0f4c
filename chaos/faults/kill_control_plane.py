"""A zone's control plane dies: its proxies go on with what they have."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("kill-control-plane", Kind.CONTROL_PLANE, Part.NOTHING, "control-planes-dispensable")
