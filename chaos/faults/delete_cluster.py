"""Everything in a zone goes away at once."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("delete-cluster", Kind.CLUSTER, Part.ALL, "delete-cluster-moves")
