"""A zone's ``echo`` is offered on another port than the one that the mesh asks for."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("wrong-service-port", Kind.SERVICE, Part.ECHO, "misconfigured-service-reroutes", Action.MOVE)
