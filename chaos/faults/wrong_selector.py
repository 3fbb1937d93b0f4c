"""A zone's ``echo`` selects no pod."""

from chaos.fault import Misdirection, inside
from chaos.platform import Action, Kind

FAULT = Misdirection("wrong-selector", Kind.SERVICE, "misconfigured-service-reroutes", inside, Action.MISSELECT)
