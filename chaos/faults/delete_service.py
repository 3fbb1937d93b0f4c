"""A zone stops offering ``echo``; the workload itself goes on."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("delete-service", Kind.SERVICE, Part.ECHO, "delete-service-reroutes")
