"""A zone's ``echo`` names a port number where nothing listens."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("wrong-port", Kind.SERVICE, Part.ECHO, "wrong-port-reroutes", Action.REDIRECT)
