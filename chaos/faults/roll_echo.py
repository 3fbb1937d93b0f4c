"""A zone's ``echo`` is restarted, one replica after the other."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("roll-echo", Kind.DEPLOYMENT, Part.ECHO_IN_TURN, "rollouts-benefit", Action.ROLL)
