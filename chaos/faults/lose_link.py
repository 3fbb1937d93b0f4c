"""The network between a zone and the others breaks some connections; while each is healthy nobody needs it."""

from chaos.claims import NEAREST_FIRST
from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("lose-link", Kind.LINK, Part.NOTHING, NEAREST_FIRST, Action.LOSE)
