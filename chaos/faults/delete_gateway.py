"""A zone's gateway goes away; the mesh behind it is well."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("delete-gateway", Kind.GATEWAY, Part.GATEWAY, "delete-gateway-moves")
