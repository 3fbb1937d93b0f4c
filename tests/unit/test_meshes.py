"""One mesh at a time: brought up when first asked for, replaced when another is needed, ended or kept at the end."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from chaos.errors import InfraError
from fixtures.composing import shape_of
from fixtures.meshes import Meshes, Shape, mesh_settings
from fixtures.progress import Progress
from tests.unit.made import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.mesh import Mesh, MeshSettings


class Paper:
    """A mesh on paper: remembers what it was brought up with and whether it was ended or kept."""

    def __init__(self, wanted: MeshSettings) -> None:
        self.wanted = wanted
        self.up = True
        self.kept = False
        self.stays = ""

    def keep(self) -> str:
        self.kept = True
        return "  end it with: mesh-chaos down /x"

    def close(self) -> None:
        if self.stays:
            raise InfraError(self.stays)
        self.up = False


class Papers:
    """A platform of paper."""

    def __init__(self) -> None:
        self.made: list[Paper] = []
        self.fails = False

    def bring_up(self, wanted: MeshSettings, progress: Callable[[str], None]) -> Paper:
        assert not any(paper.up for paper in self.made), "only one mesh runs at a time"
        if self.fails:
            raise InfraError("the mesh did not come up")
        self.made.append(Paper(wanted))
        return self.made[-1]


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> Papers:
    papers = Papers()
    monkeypatch.setattr("fixtures.meshes.platform", lambda name: {"universal": papers}[name])
    return papers


def meshes(**given: str) -> tuple[Meshes, StringIO]:
    stream = StringIO()
    progress = Progress(Console(file=stream, soft_wrap=True, highlight=False), None)
    return Meshes(settings(**given), progress, Path("/logs")), stream


def paper(mesh: Mesh) -> Paper:
    return cast("Paper", mesh)


def test_a_mesh_is_brought_up_once_for_all_that_ask_for_its_profile(papers: Papers) -> None:
    these, stream = meshes()
    assert these.get("page") is these.get("page")
    assert len(papers.made) == 1
    assert "mesh up after 0.0 s" in stream.getvalue()


def test_nothing_is_brought_up_before_it_is_asked_for(papers: Papers) -> None:
    these, _ = meshes()
    these.close()
    assert not papers.made


def test_another_profile_replaces_it(papers: Papers) -> None:
    these, _ = meshes()
    page = paper(these.get("page"))
    hardened = paper(these.get("hardened"))
    assert (page.up, hardened.up) == (False, True)
    assert hardened.wanted.profile == "hardened"


def test_a_bare_mesh_is_not_the_one_with_everything_applied(papers: Papers) -> None:
    these, _ = meshes()
    whole, bare = paper(these.get("page")), paper(these.get("page", bare=True))
    assert (whole.wanted.bare, bare.wanted.bare) == (False, True)
    assert not whole.up


def test_one_that_can_no_longer_be_trusted_is_ended_and_the_next_is_new(papers: Papers) -> None:
    these, _ = meshes()
    first = these.get("page")
    these.discard(first)
    assert not paper(first).up
    assert these.get("page") is not first


def test_one_that_cannot_be_ended_takes_no_experiments_verdict_and_is_told_at_the_end(papers: Papers) -> None:
    these, stream = meshes()
    first = these.get("page")
    paper(first).stays = "1 of what the suite made is left: Service kong/echo"
    these.discard(first)
    assert "Service kong/echo" in stream.getvalue()
    paper(first).up = False
    second = paper(these.get("page"))
    with pytest.raises(InfraError, match="Service kong/echo"):
        these.end()
    assert not second.up
    these.end()


def test_discarding_one_that_has_been_replaced_leaves_its_successor_alone(papers: Papers) -> None:
    these, _ = meshes()
    old = these.get("page")
    new = these.get("hardened")
    these.discard(old)
    assert paper(new).up


def test_after_a_bring_up_that_failed_it_is_tried_anew(papers: Papers) -> None:
    these, _ = meshes()
    papers.fails = True
    with pytest.raises(InfraError, match="did not come up"):
        these.get("page")
    papers.fails = False
    assert paper(these.get("page")).up


def test_all_is_ended_at_the_end(papers: Papers) -> None:
    these, _ = meshes()
    one = paper(these.get("page"))
    these.end()
    these.end()
    assert not one.up


def test_each_mesh_has_a_folder_of_its_own_for_its_logs(papers: Papers) -> None:
    these, _ = meshes()
    logs = [paper(these.get(profile)).wanted.logs for profile in ("page", "hardened", "page")]
    assert len(set(logs)) == 3
    assert all(folder.is_relative_to("/logs") for folder in logs)


def test_the_logs_of_a_mesh_that_there_was_before_are_left_alone(papers: Papers, tmp_path: Path) -> None:
    """A test that is made again may have ended all meshes of this process, and who brought them up."""
    for number in (1, 2):
        (tmp_path / f"{number}").mkdir()
    progress = Progress(Console(file=StringIO()), None)
    these = Meshes(settings(), progress, tmp_path)
    logs = [paper(these.get(profile)).wanted.logs for profile in ("page", "hardened")]
    assert logs == [tmp_path / "3", tmp_path / "4"]


def test_a_mesh_that_is_to_be_kept_is_so_from_the_moment_that_it_is_up(papers: Papers) -> None:
    these, stream = meshes(keep_mesh="yes")
    assert paper(these.get("page")).kept
    assert "the mesh with profile page will stay up:\n  end it with: mesh-chaos down /x" in stream.getvalue()


def test_a_mesh_gets_what_the_options_say() -> None:
    wanted = mesh_settings(
        settings(
            zones="a,b,c", replicas="3", lb_check="deep", envoy="/e", kuma_home="/k", loopback_block="40", gateway="g"
        ),
        "page",
        Path("/l"),
    )
    assert (wanted.zones, wanted.replicas, wanted.balancer_check) == (("a", "b", "c"), 3, "deep")
    assert (wanted.envoy, wanted.block, wanted.profile, wanted.logs) == ("/e", 40, "page", Path("/l"))
    assert (wanted.engine, wanted.kuma_home) == (settings().engine, "/k")
    assert wanted.gateway == "g"
    assert not wanted.bare


@pytest.mark.parametrize(("run", "needed", "got"), [(1, None, 1), (1, 2, 2), (2, 2, 2), (5, 2, 5)])
def test_a_scenario_gets_the_replicas_that_it_needs_and_the_runs_where_those_are_enough(
    run: int, needed: int | None, got: int
) -> None:
    marker = SimpleNamespace(args=(needed,)) if needed else None
    marked = cast("pytest.Item", SimpleNamespace(get_closest_marker={"replicas": marker}.get))
    assert shape_of(marked, settings(replicas=str(run))) == Shape(("zone1", "zone2"), got)
