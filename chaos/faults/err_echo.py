"""A zone's ``echo`` answers nine of ten requests with an error.

A few of its answers are good, so whoever answers in the end, users must not get the errors.
"""

from chaos.fault import Fault, Part
from chaos.platform import Action, Kind

FAULT = Fault("err-echo", Kind.WORKLOAD, Part.SHARE, "failing-echo-recovers", Action.ERR)
