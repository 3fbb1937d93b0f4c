"""A zone's gateway is restarted, after the load balancer was told."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("roll-gateway", Kind.GATEWAY, Part.GATEWAY_IN_TURN, "rollouts-benefit", Action.ROLL)
