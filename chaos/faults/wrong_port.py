"""A zone's ``echo`` names a port number where nothing listens."""

from chaos.fault import Misdirection, inside
from chaos.platform import Action, Kind

FAULT = Misdirection("wrong-port", Kind.SERVICE, "wrong-port-reroutes", inside, Action.REDIRECT)
