"""The network between a zone and the others passes nothing any more; while each is healthy nobody needs it."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("cut-link", Kind.LINK, Part.ENTRANCE, "ingress-only-for-others", Action.CUT)
