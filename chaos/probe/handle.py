"""The experiment's end of the probe."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chaos import errors
from chaos.errors import ChaosError, InvalidRun, SettingsError
from chaos.model import GATEWAY_HEADER, Lane
from chaos.probe.config import Config
from chaos.samples import SampleLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from chaos.model import Vantage

_START_S = 30.0
"""Seconds the process may take to start; it takes half of one on an idle machine."""
_FINISH_S = 60.0
"""Seconds it may take, after its last request, to end and compact the file; ten million samples take ten."""
_ROOT = str(Path(__file__).parents[2])


class _ProbeLog(SampleLog):
    """The probe's samples, which also notices that the probe has given up."""

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        super().__init__(path)
        self._check_probe = check

    def poll(self) -> None:
        """Read what has been appended since the last call.

        Raises:
            ChaosError: the probe has given up.
        """
        super().poll()
        self._check_probe()


class Probe:
    """The running probe: a process of its own that ends with this one, however this one ends.

    Use it as a context manager; leaving it stops the probe. Everything that has been read of ``log`` stays
    readable afterwards.
    """

    def __init__(self, config: Config, process: subprocess.Popen[bytes]) -> None:
        self._config = config
        self._process = process
        self._stopped = False
        self._failure: ChaosError | None = None
        self._said = b""
        self._await_ready()
        self.log: SampleLog = _ProbeLog(config.path, self.check)
        """The samples so far; ``poll`` reads on, and raises if the probe has given up."""

    @classmethod
    def start(
        cls,
        vantages: Sequence[Vantage],
        *,
        path: Path,
        rate_hz: float = 20.0,
        timeout_s: float = 2.0,
        lanes: Sequence[Lane] = tuple(Lane),
        flush_s: float = 0.25,
        gateway_header: str = GATEWAY_HEADER,
    ) -> Probe:
        """Start the process, and return when it probes.

        Args:
            vantages: what to ask; each one's URL is asked exactly as it is. http only.
            path: the sample file; replaced if it exists. Its folder must exist.
            rate_hz: samples a second of each series (vantage and lane).
            timeout_s: seconds that a request may take from connecting to its answer's last byte.
            lanes: how to ask each vantage.
            flush_s: seconds between two record batches.
            gateway_header: the response header that names the gateway that served.

        Raises:
            SettingsError: it cannot be run like this (a URL, a rate, the limit of open files).
            SamplesError: ``path`` cannot be written.
            InvalidRun: the process ended by itself.
        """
        config = Config(
            vantages=tuple(vantages),
            lanes=tuple(lanes),
            rate_hz=rate_hz,
            timeout_s=timeout_s,
            path=path.absolute(),
            flush_s=flush_s,
            gateway_header=gateway_header,
        )
        _check_descriptors(config)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "chaos.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, os.environ.get("PYTHONPATH", "")])},
            bufsize=0,
            process_group=0,  # Ctrl-C before it can ignore it must not end it
        )
        try:
            _tell(process, config.dumps())
            return cls(config, process)
        except BaseException:
            _kill(process)
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it probes: False once it was stopped.

        Raises:
            SamplesError: it gave up because the samples cannot be written (a full disk).
            InvalidRun: it ended by itself.
        """
        if self._failure is None and not self._stopped and self._process.poll() is not None:
            self._failure = self._reason()
        if self._failure is not None:
            raise self._failure
        return not self._stopped

    def check(self) -> None:
        """Raise what ``alive`` raises, if the probe has given up."""
        self.alive()

    def stop(self) -> None:
        """Begin no further request, wait for those under way, compact the file, end the process.

        Takes at most the requests' time limit, and what the file takes. Afterwards ``log`` has every
        sample. Does nothing the second time.

        Raises:
            SamplesError: the last samples could not be written.
            InvalidRun: the process had ended before, or does not end.
        """
        if not self.alive():
            return
        self._stopped = True
        try:
            _tell(self._process, "stop")
            self._await_end()
        finally:
            _kill(self._process)
        self.log.poll()

    def _await_end(self) -> None:
        limit = self._config.timeout_s + _FINISH_S
        try:
            code = self._process.wait(limit)
        except subprocess.TimeoutExpired as error:
            self._failure = InvalidRun(f"the probe (process {self.pid}) did not end within {limit:.0f} s")
            raise self._failure from error
        if code:
            self._failure = self._reason()
            raise self._failure

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_S
        while b"\n" not in self._said:
            if not self._listen(deadline - time.monotonic()):
                raise self._reason()
        if b"ready" not in self._said:
            raise self._reason()

    def _listen(self, wait_s: float) -> bool:
        """Read what the process says within ``wait_s`` seconds; False if that is nothing, or the end."""
        output = self._process.stdout
        if output is None or output.closed or not select.select([output], [], [], max(0.0, wait_s))[0]:
            return False
        text = os.read(output.fileno(), 65536)
        self._said += text
        return bool(text)

    def _reason(self) -> ChaosError:
        """Why the process gave up, as the error it said, or as an InvalidRun if it said nothing."""
        while self._listen(0):
            pass
        for line in self._said.splitlines():
            words = json.loads(line)
            if "error" in words:
                kind: type[ChaosError] = getattr(errors, words["error"])
                return kind(words["message"])
        code = self._process.poll()
        if code is None:
            return InvalidRun(f"the probe (process {self.pid}) did not start within {_START_S:.0f} s")
        return InvalidRun(f"the probe (process {self.pid}) ended by itself with {_ended(code)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with contextlib.suppress(*([ChaosError] if kind else [])):  # the first error is the one to tell
                self.stop()
        finally:
            _kill(self._process)
            self.log.close()


def _check_descriptors(config: Config) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and config.descriptors > most:
        raise SettingsError(
            f"the probe may need {config.descriptors} open files, but only {most} are allowed: "
            "lower its rate or time limit, or raise `ulimit -Hn`"
        )


def _tell(process: subprocess.Popen[bytes], line: str) -> None:
    with contextlib.suppress(OSError):  # it has ended: the wait that follows says why
        if process.stdin is not None:
            process.stdin.write(line.encode() + b"\n")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process if it has not ended, reap it, close its pipes."""
    with process:
        process.kill()


def _ended(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
