"""A zone stops offering ``echo``; the workload itself goes on."""

from chaos.fault import Deletion, inside
from chaos.platform import Kind

FAULT = Deletion("delete-service", Kind.SERVICE, "delete-service-reroutes", inside)
