"""A zone's ingress dies: the way into it from other zones."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("kill-ingress", Kind.INGRESS, Part.ENTRANCE, "ingress-only-for-others")
