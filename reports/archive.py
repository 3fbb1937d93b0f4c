"""Results as JSON: versioned, and read back exactly as they were.

The file is ``{"format": "mesh-chaos-result", "version": 1, "result": {...}}``; the result's fields
are those of ``chaos.result.Result``, nanoseconds as integers, an outcome as its number.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from chaos.errors import ChaosError
from chaos.result import Result  # noqa: TC001 - pydantic needs it when the model is built

if TYPE_CHECKING:
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)

FORMAT: Final = "mesh-chaos-result"
VERSION: Final = 1
FILE_NAME = "result.json"


class ArchiveError(ChaosError):
    """What is archived, a result or what is kept beside it, cannot be written or read."""


class MissingError(ArchiveError):
    """There is no such file."""


class _File(BaseModel):
    """The whole file; JSON has no NaN or infinity, so these are written as strings."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="strings")

    format: Literal["mesh-chaos-result"] = FORMAT
    version: Literal[1] = VERSION
    result: Result


def dump(result: Result) -> str:
    """``result`` as JSON text."""
    return _File(result=result).model_dump_json(indent=1)


def load(text: str) -> Result:
    """The result that ``dump`` wrote.

    Raises:
        ArchiveError: the text is not an archived result, or one of a version that is not known here.
    """
    document = _parse(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArchiveError(f"not an archived result: its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise ArchiveError(
            f"an archived result of version {document.get('version')!r}, but this program reads version "
            f"{VERSION}: use the program that wrote it"
        )
    try:
        return _File.model_validate_json(text).result
    except ValidationError as error:
        raise ArchiveError(f"an archived result that cannot be understood: {first_of(error)}") from error


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArchiveError(
            f"not an archived result, or a part of one ({error}): copy it again from where it was made"
        ) from error


def first_of(error: ValidationError) -> str:
    """The first thing that is wrong, with its place."""
    detail = error.errors()[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"


def read_model(model: type[Model], path: Path, called: str = "", advice: str = "") -> Model:
    """The file at ``path``, as ``model`` says what is in it.

    Errors call it by its path, or as ``called`` says; ``advice`` ends what is said of one that cannot be understood.

    Raises:
        MissingError: there is none.
        ArchiveError: it cannot be read, or is not what it should be.
    """
    called = called or str(path)
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        kind = MissingError if isinstance(error, FileNotFoundError) else ArchiveError
        raise kind(f"{called} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ArchiveError(f"{called} cannot be understood: {first_of(error)}{advice}") from error


def write(result: Result, folder: Path) -> Path:
    """Write ``result`` into ``folder`` (made when missing) and return the file; whole or not at all.

    Raises:
        ArchiveError: the file cannot be written.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    write_whole(path, dump(result))
    return path


def _unwritable(path: Path, error: OSError) -> ArchiveError:
    advice = "free the disk, or use a folder that can be written (--artifacts)"
    return ArchiveError(f"{path} cannot be written: {error.strerror or error}; {advice}")


def write_whole(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` in one step, so that a reader finds the old file or the new one.

    Raises:
        ArchiveError: it cannot be written.
    """
    try:
        _replace(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> Result:
    """The result in a file.

    Raises:
        ArchiveError: there is no such file, or it is not an archived result.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path}: not an archived result: {error}") from error
    try:
        return load(text)
    except ArchiveError as error:
        raise ArchiveError(f"{path}: {error}") from error
