"""A zone's control plane is restarted."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("roll-control-plane", Kind.CONTROL_PLANE, Part.NOTHING, "control-planes-dispensable", Action.ROLL)
