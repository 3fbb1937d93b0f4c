"""A zone's ``echo`` is replaced by another version, one replica after the other."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("upgrade-echo", Kind.DEPLOYMENT, Part.ECHO_IN_TURN, "rollouts-benefit", Action.UPGRADE)
