"""A zone's ``echo`` answers late.

No policy of a mesh looks at how long answers take, and this one comes within the limits of them all, so home goes on
answering, and the latency figures show the delay. To a probe whose own limit is shorter than the delay it is an outage.
"""

from chaos.claims import NEAREST_FIRST
from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("slow-echo", Kind.WORKLOAD, Part.NOTHING, NEAREST_FIRST, Action.SLOW)
