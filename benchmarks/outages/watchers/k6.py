"""k6 (https://k6.io): an open loop by its executor ``constant-arrival-rate``, its points as JSON.

It is under the AGPL, and so nothing here fetches it: it takes part where the user has it on PATH. Its own metrics tell
the parts of a request one by one and no zone, so that the script measures each request and tags it, as a user would.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.outages.door import AWAY
from benchmarks.outages.watched import WallClock, Watched, scheduled, wall_ns
from benchmarks.outages.watchers import MissingTool
from benchmarks.outages.watchers.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.outages.watchers import Task

NAME = "k6"
_POINTS = "points.json"
_SCRIPT = """
import http from 'k6/http';
import {{ Trend }} from 'k6/metrics';
const took = new Trend('took');
export const options = {{ scenarios: {{ watch: {{
  executor: 'constant-arrival-rate', rate: {rate}, timeUnit: '1s', duration: '{limit}s',
  preAllocatedVUs: {users}, maxVUs: {users} }} }} }};
export default function () {{
  const began = Date.now();
  const answer = http.get('{url}', {{ timeout: '{timeout_ms}ms' }});
  const zone = /node mesh-(\\S+)\\./.exec(answer.body || '');
  took.add(Date.now() - began, {{ status: String(answer.status), zone: zone ? zone[1] : '' }});
}}
"""


class K6Watch:
    """A running ``k6 run``."""

    def __init__(self, program: str, task: Task) -> None:
        self._task = task
        users = round(2 * task.rate_hz * task.timeout_s) + 10  # as many as can be under way, and as many again
        timeout_ms = round(task.timeout_s * 1000)
        text = _SCRIPT.format(
            rate=task.rate_hz, limit=round(task.limit_s), users=users, url=task.url, timeout_ms=timeout_ms
        )
        (task.folder / "script.js").write_text(text)
        argv = [program, "run", "--quiet", "--no-usage-report", f"--out=json={_POINTS}", "script.js"]
        self._program = Program(argv, task.folder, task.folder / "said")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    def stop(self) -> Sequence[Watched]:
        """End it; what its points tell."""
        self._program.interrupt()
        self._program.wait()
        clock = WallClock.now()
        lines = (self._task.folder / _POINTS).read_text().splitlines()
        return [watched(map(json.loads, lines), self._task.period_ns, clock)]


class K6:
    """The k6 on PATH."""

    name = NAME

    def start(self, task: Task) -> K6Watch:
        """Let it watch.

        Raises:
            MissingTool: it is not on PATH.
        """
        program = shutil.which("k6")
        if program is None:
            raise MissingTool("not on PATH; it is under the AGPL, so it is not fetched")
        return K6Watch(program, task)


def watched(points: Iterable[dict[str, Any]], period_ns: int, clock: WallClock) -> Watched:
    """The points of the script's own metric: when each request ended, how many ms it took, its status and zone."""
    rows = [one["data"] for one in points if one["type"] == "Point" and one["metric"] == "took"]
    end_ns = clock.monotonic(np.array([wall_ns(row["time"]) for row in rows], np.int64))
    begun_ns = end_ns - np.array([round(row["value"] * 1e6) for row in rows], np.int64)
    order = np.argsort(begun_ns, kind="stable")
    return Watched(
        name=NAME,
        period_ns=period_ns,
        due_ns=scheduled(begun_ns[order], period_ns),
        begun_ns=begun_ns[order],
        end_ns=end_ns[order],
        ok=np.array([row["tags"]["status"] == "200" for row in rows], np.bool_)[order],
        away=np.array([row["tags"]["zone"] == AWAY for row in rows], np.bool_)[order],
    )
