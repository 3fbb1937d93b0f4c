"""Every error that the suite raises on purpose. Each message is one line that says what to do."""

from __future__ import annotations

from chaos.redaction import redacted


class ChaosError(Exception):
    """The root of the suite's own errors. Messages are kept by many reports, and shown: they have no secrets."""

    def __init__(self, *message: object) -> None:
        super().__init__(*(redacted(str(part)) for part in message))


class SettingsError(ChaosError):
    """An option, objective or name given by the user cannot be used."""


class ObjectiveBroken(ChaosError, AssertionError):  # noqa: N818 - a verdict on the mesh, not an error of ours
    """The mesh broke an objective or a claim."""


class KnownFalse(ObjectiveBroken):
    """The mesh broke nothing but claims that are known to be false under its profile."""


class InfraError(ChaosError):
    """The experiment could not be carried out, so it says nothing about the mesh.

    The mesh never reached its steady state, the fault never took effect, or the
    restoration could not be verified.
    """


class MeshGone(InfraError):  # noqa: N818 - says what is the matter
    """The mesh that was asked for is no longer up: there is nothing left to repair or to end."""


class StillGoing(InfraError):  # noqa: N818 - says what is the matter
    """What is to be put back is still on its way out. That cannot be stopped, so it is waited for."""


class StopRequested(InfraError):  # noqa: N818 - says what is the matter
    """The run was told to stop: what is broken is repaired, nothing more is begun."""


class NothingSelected(InfraError):  # noqa: N818 - says what is the matter
    """A fault's selection matched nothing; injecting nothing would prove nothing."""


class InvalidRun(ChaosError):  # noqa: N818 - a verdict, not an error of ours
    """The probe's own lag or losses exceed their bound, so nothing may be concluded."""


class JournalError(ChaosError):
    """The undo journal cannot be read; the message says what can still be restored."""


class SamplesError(ChaosError):
    """A sample file cannot be written or read."""
