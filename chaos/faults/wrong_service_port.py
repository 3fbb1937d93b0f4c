"""A zone's ``echo`` is offered on another port than the one that the mesh asks for."""

from chaos.fault import Misdirection, inside
from chaos.platform import Action, Kind

FAULT = Misdirection("wrong-service-port", Kind.SERVICE, "misconfigured-service-reroutes", inside, Action.MOVE)
