"""A zone's ``echo`` sends to a port by a name that its pods do not have."""

from chaos.fault import Misdirection, inside
from chaos.platform import Action, Kind

FAULT = Misdirection("wrong-port-name", Kind.SERVICE, "misconfigured-service-reroutes", inside, Action.MISNAME)
