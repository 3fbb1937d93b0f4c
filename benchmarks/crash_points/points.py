"""The points at which a process that breaks a mesh can be made to die, by their names.

A name is what has just been written to the journal, and what is done next; whatever is asked again and again until it
is true counts once in each such phase, so that names are the same in every run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chaos.journal import Step, writing
from fixtures.local.keeping import Keeping
from fixtures.platforms.kubernetes.asking import Requests
from fixtures.platforms.universal.api import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chaos.platform import Platform

_CHANGING = ("delete", "disturb", "put")
_ASKING = ("find", "record", "gone", "disturbed", "difference")
_SIGNALS = {"signal", "start"}
_WRITING = os.O_WRONLY | os.O_RDWR


class Points:
    """Passes points, and dies at one of them."""

    def __init__(self, die_at: str | None) -> None:
        self.passed: list[str] = []
        self._die_at = die_at
        self._phase = "before the journal"
        self._times = Counter[str]()

    def enter(self, phase: str) -> None:
        """What comes now is another phase."""
        self._phase = phase
        self._times.clear()

    def is_fatal(self, what: str) -> bool:
        """Whether the next point of this name is where it dies."""
        return self._die_at == f"{self._phase} | {what}"

    def reach(self, what: str, *, each: bool = False) -> None:
        """Be at a point; ``each`` time counts, or only the first one of a phase."""
        self._times[what] += 1
        times = self._times[what]
        if times == 1 or each:
            self._pass(f"{self._phase} | {what}" + (f" #{times}" if times > 1 else ""))

    def _pass(self, name: str) -> None:
        self.passed.append(name)
        if name == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str, *, each: bool = False) -> Iterator[None]:
        """A point before and one after."""
        self.reach(f"before {what}", each=each)
        yield
        self.reach(f"after {what}", each=each)


class Watched:
    """A platform whose calls are points."""

    def __init__(self, platform: Platform, points: Points) -> None:
        self._platform = platform
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        if name not in _CHANGING + _ASKING:
            return found

        def call(*arguments: Any) -> Any:
            about = arguments[0].target if hasattr(arguments[0], "target") else arguments[0]
            if name in _ASKING:
                self._points.reach(f"before {name} {about}")
                return found(*arguments)
            with self._points.around(f"{name} {about}"):
                return found(*arguments)

        return call


class _JournalsOs:
    """The functions of ``os`` by which a journal is written, as points; a line can be torn."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, descriptor: int, line: bytes) -> int:
        """Before, torn, and after: the phase is then that of what was written."""
        what = _named(line)
        self._points.reach(f"before writing {what}")
        if self._points.is_fatal(f"torn {what}"):
            os.write(descriptor, line[: len(line) // 2])
        self._points.reach(f"torn {what}")
        written = os.write(descriptor, line)
        self._points.enter(what)
        self._points.reach("written")
        return written

    def fsync(self, descriptor: int) -> None:
        """After."""
        os.fsync(descriptor)
        self._points.reach("on the disk", each=True)


def _named(line: bytes) -> str:
    """What a journal's line is."""
    for step in Step:
        if f'"step":"{step}"'.encode() in line:
            return str(step)
    return "header" if b'{"header"' in line else "record"


def watch_changes(points: Points, folder: str) -> None:
    """Make points of everything by which this process changes a mesh, or files in ``folder``, and of its journal."""
    vars(writing)["os"] = _JournalsOs(points)
    _around(points, Keeping, "_ask", lambda operation, *_, **more: _to_keeper(operation, more))
    _around(points, ControlPlane, "_request", lambda method, path, **_: "" if method == "GET" else f"{method} {path}")
    _around(points, Requests, "ask", lambda method, path, *_, **__: "" if method == "GET" else f"{method} {path}")

    def see(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(folder) and arguments[2] & _WRITING:
            points.reach(f"before writing {str(arguments[0])[len(folder) :]}", each=True)
        elif event == "os.rename" and str(arguments[0]).startswith(folder):
            points.reach(f"before renaming {str(arguments[0])[len(folder) :]}", each=True)

    sys.addaudithook(see)


def _to_keeper(operation: str, more: dict[str, Any]) -> str:
    if operation not in _SIGNALS:
        return ""
    names = more.get("names") or [spec["name"] for spec in more.get("specs", [])]
    return f"{operation} {more.get('number', '')} {','.join(names)}" if names else ""


def _around(points: Points, owner: type, name: str, naming: Callable[..., str]) -> None:
    original = getattr(owner, name)

    def call(self: object, *arguments: Any, **more: Any) -> Any:
        what = naming(*arguments, **more)
        if not what:
            return original(self, *arguments, **more)
        with points.around(what, each=True):
            return original(self, *arguments, **more)

    setattr(owner, name, call)
