"""A zone's ``echo`` sends to a port by a name that its pods do not have."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("wrong-port-name", Kind.SERVICE, Part.ECHO, "misconfigured-service-reroutes", Action.MISNAME)
