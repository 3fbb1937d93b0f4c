"""A zone's ``echo`` names a port where nothing listens."""

from chaos.fault import Misdirection, inside
from chaos.platform import Kind

FAULT = Misdirection("wrong-port", Kind.SERVICE, "wrong-port-reroutes", inside)
