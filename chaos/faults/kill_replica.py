"""One of a zone's replicas of ``echo`` dies, with its data plane proxy."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("kill-replica", Kind.REPLICA, Part.REPLICA, "lost-replica-recovers")
