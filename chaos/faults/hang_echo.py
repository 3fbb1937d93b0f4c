"""A zone's ``echo`` accepts connections and never answers."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("hang-echo", Kind.WORKLOAD, Part.ECHO, "hanging-echo-reroutes", Action.HANG)
