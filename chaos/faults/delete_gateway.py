"""A zone's gateway goes away; the mesh behind it is well."""

from chaos.fault import Deletion, at_the_edge
from chaos.platform import Kind

FAULT = Deletion("delete-gateway", Kind.GATEWAY, "delete-gateway-moves", at_the_edge)
