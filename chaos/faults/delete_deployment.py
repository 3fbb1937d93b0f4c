"""Every replica of a zone's ``echo`` goes away, with its data plane proxy."""

from chaos.fault import Fault, Part
from chaos.platform import Kind

FAULT = Fault("delete-deployment", Kind.DEPLOYMENT, Part.ECHO, "delete-deployment-reroutes")
