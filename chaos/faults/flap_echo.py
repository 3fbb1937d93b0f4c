"""A zone's ``echo`` goes away and comes back several times, and is away in the end."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("flap-echo", Kind.DEPLOYMENT, Part.STEADINESS, "comes-home", Action.FLAP)
