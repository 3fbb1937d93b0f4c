"""A zone's egress dies, which a MeshMultiZoneService never uses."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("kill-egress", Kind.EGRESS, Part.NOTHING, "egress-dispensable")
