"""The faults, one module each; a module here with a ``FAULT`` is a fault, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from chaos.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from chaos.fault import Fault


@cache
def faults() -> Mapping[str, Fault]:
    """Every fault by its name."""
    return {module.FAULT.name: module.FAULT for module in _modules()}


@cache
def meanings() -> Mapping[str, str]:
    """What each fault does, by its name: how its module begins."""
    return {
        module.FAULT.name: (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("``", "")
        for module in _modules()
    }


def _modules() -> list[ModuleType]:
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return [module for module in modules if hasattr(module, "FAULT")]


def fault(name: str) -> Fault:
    """The fault with this name.

    Raises:
        SettingsError: there is no such fault.
    """
    try:
        return faults()[name]
    except KeyError:
        raise SettingsError(f"no fault {name!r}; the faults are: {', '.join(sorted(faults()))}") from None
