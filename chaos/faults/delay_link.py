"""The network between a zone and the others takes longer; while each is healthy nobody needs it."""

from chaos.claims import NEAREST_FIRST
from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("delay-link", Kind.LINK, Part.NOTHING, NEAREST_FIRST, Action.DELAY)
