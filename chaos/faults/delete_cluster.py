"""Everything in a zone goes away at once."""

from chaos.fault import Deletion, at_the_edge
from chaos.platform import Kind

FAULT = Deletion("delete-cluster", Kind.CLUSTER, "delete-cluster-moves", at_the_edge)
