"""The rules, one module each, found by its name: ``CAUSE``, and ``diagnose(seen)`` that gives the sentence, or None.

A rule speaks only where what it says was seen, and was felt as it would be: a mesh may be misconfigured in a way that
has nothing to do with why an experiment failed. What could not be seen (None) proves nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.diagnosis.cause import Cause
    from chaos.diagnosis.seen import Seen


class Rule(NamedTuple):
    """One rule."""

    cause: Cause
    diagnose: Callable[[Seen], str | None]


@cache
def rules() -> Mapping[Cause, Rule]:
    """Every rule, by its cause."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.CAUSE: Rule(module.CAUSE, module.diagnose) for module in modules}
