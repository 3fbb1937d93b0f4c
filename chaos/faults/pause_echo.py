"""A zone's ``echo`` stands still: the kernel accepts connections for it, and nobody answers."""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("pause-echo", Kind.WORKLOAD, Part.ECHO, "hanging-echo-reroutes", Action.PAUSE)
