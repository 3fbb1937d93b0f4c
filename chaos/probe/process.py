"""The probe's process: told what to do on its standard input, tells how it fares on its standard output.

Input: the configuration as one line of JSON, then ``stop`` on a line of its own. Its end before that means
that the experiment has died, however it died; then the process ends at once.
Output: one line of JSON when it is ready, and one more if it has to give up:
``{"error": class in chaos.errors, "message": text}``.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import IO, Any

import uvloop

from chaos.errors import ChaosError, InvalidRun
from chaos.model import NS_PER_S, Outcome
from chaos.probe.config import Config
from chaos.probe.pacer import plan
from chaos.probe.priority import go_along, go_first
from chaos.probe.prober import Prober
from chaos.probe.sink import Sink
from chaos.probe.target import target
from chaos.samples import Sample, SampleWriter, Schedule, compact, write_samples

_LAST_WRITE_S = 1.0
"""Seconds for the last batch when the experiment has died: a disk that hangs must not keep this process."""
_HEAD_START_NS = NS_PER_S // 50
"""From making the schedule to its first sample; opening the file takes less."""


def main() -> int:
    """Run the probe; the exit code is 0 unless it had to give up."""
    # Ctrl-C may reach the whole process group; the experiment decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with open(0, "rb", buffering=0, closefd=False) as commands:
            if line := commands.readline():
                Process(Config.loads(line), commands).run()
    except ChaosError as error:
        _say(error=type(error).__name__, message=str(error))
        return 1
    return 0


def _say(**words: str | bool) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, json.dumps(words).encode() + b"\n")


class Process:
    """One run, from the configuration to the compacted file."""

    def __init__(self, config: Config, commands: IO[bytes]) -> None:
        self._config = config
        self._commands = commands
        self._loop = uvloop.new_event_loop()
        self._loop.set_exception_handler(self._crashed)
        self._error: ChaosError | None = None

    def run(self) -> None:
        """Probe until told to stop.

        Raises:
            ChaosError: why it had to give up.
        """
        config = self._config
        _prepare(config.descriptors)
        targets = {vantage.name: target(vantage) for vantage in config.vantages}
        schedule = plan(
            config.vantages,
            config.lanes,
            rate_hz=config.rate_hz,
            timeout_s=config.timeout_s,
            start_ns=time.monotonic_ns() + _HEAD_START_NS,
        )
        sink = Sink(SampleWriter(config.path, schedule), flush_s=config.flush_s, failed=self._give_up)
        prober = Prober(
            loop=self._loop,
            schedule=schedule,
            targets=targets,
            gateway_header=config.gateway_header,
            report=sink.put,
            stopped=self._loop.stop,
        )
        self._loop.add_reader(self._commands.fileno(), self._command, prober, sink)
        _say(ready=True)
        self._loop.run_forever()
        go_along()  # nothing is due any more, and the file may be large
        sink.close()
        if self._error is not None:
            raise self._error
        compact(config.path)

    def _command(self, prober: Prober, sink: Sink) -> None:
        if self._commands.readline():
            prober.stop()
        else:
            sink.close(_LAST_WRITE_S)
            os._exit(1)  # the experiment is gone: nobody waits for what is in flight

    def _crashed(self, _: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        text = f"the probe failed by its own fault: {context['message']}: {error!r}"
        self._give_up(error if isinstance(error, ChaosError) else InvalidRun(text))

    def _give_up(self, error: ChaosError) -> None:
        self._error = self._error or error
        self._loop.call_soon_threadsafe(self._loop.stop)


def _prepare(descriptors: int) -> None:
    """Make the process fit to be punctual."""
    # The first batch that a process writes takes it 10 ms, any other one less than a half.
    write_samples(Path(os.devnull), Schedule(1, 1, ()), [Sample(0, 0, 0, 0, Outcome.OK)])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Linux enlarges a process's table of open files when it is full, which stops the process for 10 ms
    # (synchronize_rcu), just when an outage makes connections pile up: have it large from the beginning.
    os.close(fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, descriptors - 1))
    sys.setswitchinterval(0.0005)  # the sink's thread may hold up the loop no longer (5 ms by default)
    gc.collect()
    gc.freeze()  # what the imports left is never looked at again, so a full collection is short
    go_first()
