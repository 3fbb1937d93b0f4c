"""``mesh-chaos``: what is needed outside a test run, above all putting back what a killed run left broken."""

from __future__ import annotations

from importlib.metadata import entry_points, version
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup
from typer.main import get_command

from chaos import undo
from chaos.claims import CLAIMS
from chaos.clock import MonotonicClock
from chaos.composition import read_composition
from chaos.composition.proof import check_claims
from chaos.errors import ChaosError, InfraError, MeshGone, SettingsError
from chaos.faults import faults
from chaos.journal import held, read_journal
from chaos.model import EXIT_CODES, Verdict
from chaos.platform import Platform
from chaos.privacy import keep_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from chaos.journal import JournalState

PLATFORMS = "mesh_chaos.platforms"
"""The entry point group in which platforms register themselves."""
COMMANDS = "mesh_chaos.commands"
"""The entry point group in which packages register commands of their own, each a ``typer.Typer``."""
EXIT_INFRA = EXIT_CODES[Verdict.INFRA]
EXIT_USAGE = 2


class Contributed(TyperGroup):
    """This program's commands and those that installed packages contribute.

    A contribution is loaded only when it is asked for, and never in place of a command of this program: whatever is
    installed, ``restore`` works.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        own = super().list_commands(ctx)
        return own + sorted(_contributions().keys() - own)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; one that says what is the matter where a contributed one cannot be loaded."""
        own = super().get_command(ctx, cmd_name)
        point = _contributions().get(cmd_name)
        if own is not None or point is None:
            return own
        try:
            command = get_command(point.load())
        except Exception as error:  # noqa: BLE001 - another's code: it must not take this program's commands with it
            command = get_command(_broken(point, error))
        command.name = cmd_name
        return command


def _contributions() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=COMMANDS)}


def _broken(point: EntryPoint, error: Exception) -> typer.Typer:
    stand_in = typer.Typer(add_completion=False)
    reason = f"{point.value} cannot be loaded ({type(error).__name__}: {error})"

    @stand_in.command(
        help=f"Not available: {reason}", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
    )
    def _() -> None:
        fail(InfraError(f"{reason}: reinstall what brings it"))

    return stand_in


app = typer.Typer(
    cls=Contributed,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Companion of the test suite (pytest -m failover). "
        "Exit codes: 0 done, 1 the gate says no, 2 wrong usage, 10 not possible."
    ),
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(f"mesh-chaos {version('mesh-chaos')}")
        raise typer.Exit


@app.callback()
def _before_commands(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="say which version this is")
    ] = False,
) -> None:
    """The options of the program itself."""


class KeptPlatform(Protocol):
    """A platform's package, as far as this program uses it."""

    def attach(self, locator: Mapping[str, str]) -> Attached:
        """The running mesh that a journal's locator names."""
        ...


class Attached(Platform, Protocol):
    """A running mesh that this process did not bring up."""

    def close(self) -> None:
        """Let go of it."""
        ...

    def end(self) -> None:
        """End it."""
        ...


def _platform(name: str) -> KeptPlatform:
    found = {point.name: point for point in entry_points(group=PLATFORMS)}
    if name not in found:
        raise SettingsError(f"no platform {name!r} is installed; there are: {', '.join(sorted(found)) or 'none'}")
    package: KeptPlatform = found[name].load()
    return package


@app.command()
def restore(
    journal: Annotated[Path, typer.Argument(help="journal.jsonl of the experiment, in its artifacts folder")],
    limit: Annotated[float, typer.Option(help="how many seconds it may take")] = undo.RESTORE_LIMIT_S,
) -> None:
    """Put back what an experiment had broken when it was killed, from its journal alone.

    Safe to repeat: what is as recorded already is left alone.
    """
    try:
        with held(journal):
            _restore(read_journal(journal), limit)
    except MeshGone as error:
        typer.echo(f"nothing to restore: {error}")
    except ChaosError as error:
        fail(error)


def _restore(state: JournalState, limit_s: float) -> None:
    if state.damage:
        typer.echo(
            f"the journal is damaged: {state.damage}; going by its whole lines: {len(state.records)} records", err=True
        )
    if not state.must_restore:
        typer.echo(f"nothing to restore: {state.header.fault} in {state.header.zone} is {_how_far(state)}")
        return
    typer.echo(f"restoring {state.header.fault} in {state.header.zone} ({_how_far(state)})")
    mesh = _platform(state.header.platform).attach(state.header.locator)
    try:
        undo.restore(mesh, state.records, MonotonicClock(), limit_s, typer.echo)
    finally:
        mesh.close()
    for record in state.records:
        typer.echo(f"restored: {record.target}")
    if state.may_lack_records:
        raise InfraError("what the damaged lines recorded cannot be restored: look at the mesh yourself")


def _how_far(state: JournalState) -> str:
    return "at an unknown step" if state.step is None else f"at step {state.step}"


@app.command()
def down(
    folder: Annotated[Path, typer.Argument(help="the folder that --keep-mesh named")],
    platform: Annotated[str, typer.Option(help="the platform it runs on")] = "universal",
) -> None:
    """End a mesh that was kept up with --keep-mesh."""
    try:
        _platform(platform).attach({"folder": str(folder)}).end()
    except ChaosError as error:
        fail(error)
    typer.echo(f"the mesh in {folder} has ended")


@app.command("faults")
def list_faults() -> None:
    """List the faults: what each hits and which claim it tests."""
    table = _table("fault", "hits", "claim")
    for fault in faults().values():
        table.add_row(fault.name, f"{fault.action} {fault.kind}", CLAIMS[fault.claim].statement)
    Console().print(table)


experiments = typer.Typer(no_args_is_help=True, add_completion=False, help="Experiments of several faults, in YAML.")
app.add_typer(experiments, name="experiment")


@experiments.command("schema")
def print_schema() -> None:
    """Print the JSON schema of their files, for editors."""
    from chaos.composition.schema import schema  # noqa: PLC0415 - its models take 0.2 s, and a repair is in a hurry

    typer.echo(schema(), nl=False)


@experiments.command("check")
def check_experiments(files: Annotated[list[Path], typer.Argument(help="the experiments' files")]) -> None:
    """Read files of experiments, and say where one is wrong."""
    try:
        for file in files:
            one = read_composition(file)
            check_claims(one)
            typer.echo(f"{file}: {one}: {', then '.join(map(str, one.stages))}")
    except ChaosError as error:
        fail(error)


@app.command("claims")
def list_claims() -> None:
    """List the claims of the walkthrough, and where one is known to be false."""
    table = _table("claim", "promise", "known to be false in")
    for claim in CLAIMS.values():
        table.add_row(claim.id, claim.statement, "\n".join(f"{p}: {why}" for p, why in claim.false_in.items()))
    Console().print(table)


def _table(key: str, *others: str) -> Table:
    """A table whose first column can be copied in one piece."""
    table = Table()
    table.add_column(key, no_wrap=True)
    for name in others:
        table.add_column(name)
    return table


def fail(error: ChaosError) -> NoReturn:
    """Print the error as one line and end with its exit code."""
    typer.echo(f"mesh-chaos: {error}", err=True)
    raise typer.Exit(EXIT_INFRA if isinstance(error, InfraError) else EXIT_USAGE)


def main() -> None:
    """The console script."""
    keep_private()
    app()
