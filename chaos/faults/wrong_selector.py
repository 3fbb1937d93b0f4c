"""A zone's ``echo`` selects no pod."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("wrong-selector", Kind.SERVICE, Part.ECHO, "misconfigured-service-reroutes", Action.MISSELECT)
