"""The probe: samples an echo service in the background, open loop, from a process of its own."""

from chaos.probe.handle import Probe
from chaos.probe.health import complaint, health

__all__ = ["Probe", "complaint", "health"]
