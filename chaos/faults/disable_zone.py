"""Global no longer accepts a zone: others are not to send anything there."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("disable-zone", Kind.ZONE, Part.ENTRANCE, "disabled-zone-stays-local", Action.DISABLE)
