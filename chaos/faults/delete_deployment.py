"""Every replica of a zone's ``echo`` goes away, with its data plane proxy."""

from chaos.fault import Deletion, inside
from chaos.platform import Kind

FAULT = Deletion("delete-deployment", Kind.DEPLOYMENT, "delete-deployment-reroutes", inside)
