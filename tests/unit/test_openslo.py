"""OpenSLO files: what is read of an SLO, and what is refused by file, document and field."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from chaos.openslo import read_objectives
from chaos.openslo.durations import bound_s, shorthand_s, slice_s
from chaos.slo import BudgetingMethod, Objectives
from tests.unit.made import settings

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "echo-slo.yaml"
SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: echo
spec:
  service: echo
  indicator:
    metadata:
      name: answers
    spec:
      ratioMetric:
        good: {metricSource: {type: Any, spec: {query: good}}}
        total: {metricSource: {type: Any, spec: {query: all}}}
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""
SLICED = SLO.replace("Occurrences", "Timeslices") + "      timeSliceTarget: 0.95\n      timeSliceWindow: 1m\n"
SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: echo\nspec: {}\n"
SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata:
  name: answers
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {metricSourceRef: prometheus, spec: {query: bad}}}
    total: {metricSource: {metricSourceRef: prometheus, spec: {query: all}}}
"""
INLINE = SLO[SLO.index("  indicator:") : SLO.index("  timeWindow:")]
REFERRING = SLO.replace(INLINE, "  indicatorRef: answers\n")


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def annotated(*lines: str) -> str:
    return changed(SLO, ("  name: echo\n", "".join(["  name: echo\n  annotations:\n", *(f"    {x}\n" for x in lines)])))


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Objectives]:
    """The objectives of a file with these documents, called echo-slo.yaml in the current folder."""
    monkeypatch.chdir(tmp_path)

    def read_(*documents: str, name: str = "", period_s: float = 0.05) -> Objectives:
        Path("echo-slo.yaml").write_text("---\n".join(documents))
        return read_objectives(f"echo-slo.yaml{name}", sample_period_s=period_s)

    return read_


@pytest.fixture
def refused(read: Callable[..., Objectives]) -> Callable[..., str]:
    """How such a file is refused."""

    def refused_(*documents: str, name: str = "", period_s: float = 0.05) -> str:
        with pytest.raises(SettingsError) as caught:
            read(*documents, name=name, period_s=period_s)
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value).removeprefix("--slo: ")

    return refused_


# the example


def test_the_example_s_requests_are_judged_by_its_annotations() -> None:
    assert settings(slo=f"{EXAMPLE}#echo-availability").objectives == Objectives(
        failover=12, failback=15, outage=12, return_outage=10, target=99.95, window=30, name="echo-availability"
    )


def test_the_example_s_minutes_are_good_from_95_percent_on() -> None:
    found = settings(slo=f"{EXAMPLE}#echo-minutes").objectives
    assert found == Objectives(
        target=99.9,
        window=28,
        method=BudgetingMethod.TIMESLICES,
        timeslice=60,
        timeslice_target=95,
        name="echo-minutes",
    )
    assert found.budget_s / found.timeslice == pytest.approx(40.32), "of 40,320 minutes"


def test_the_example_s_mean_minute_needs_no_target_of_a_slice() -> None:
    found = settings(slo=f"{EXAMPLE}#echo-mean-minute").objectives
    assert (found.method, found.timeslice, found.timeslice_target) == (BudgetingMethod.RATIO_TIMESLICES, 60, None)


def test_of_the_example_s_three_one_must_be_chosen() -> None:
    with pytest.raises(SettingsError, match=r"there are 3 SLOs in it: choose one with .*echo-slo.yaml#NAME; there are"):
        settings(slo=str(EXAMPLE))


# the option


def test_what_is_no_file_is_names_and_numbers_as_ever() -> None:
    text = "failover=10,outage=12,target=99.95"
    assert read_objectives(text, sample_period_s=0.05) == Objectives(failover=10, outage=12, target=99.95)


def test_who_forgets_the_files_ending_is_told() -> None:
    with pytest.raises(SettingsError, match=r"'echo-slo' is not NAME=NUMBER .* file is given as FILE.yaml"):
        read_objectives("echo-slo", sample_period_s=0.05)


@pytest.mark.parametrize("file", ["a.yaml", "a.yml", "a,b=c.YAML", "folder/a.yaml", "a b.yaml"])
def test_a_file_may_be_called_as_one_likes(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(SLO)
    assert read_objectives(str(path), sample_period_s=0.05).name == "echo"
    assert read_objectives(f"{path}#echo", sample_period_s=0.05).name == "echo"


def test_a_file_that_is_not_there_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^--slo: none.yaml: there is no such file; a path counts from the folder"):
        read_objectives("none.yaml", sample_period_s=0.05)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"folder.yaml: cannot be read: Is a directory"):
        read_objectives(str(tmp_path / "folder.yaml"), sample_period_s=0.05)


def test_a_name_that_no_file_can_have_is_refused_on_one_line() -> None:
    with pytest.raises(SettingsError, match=r"^--slo: a b.yaml: cannot be read: embedded null"):
        read_objectives("a\0b.yaml", sample_period_s=0.05)
    with pytest.raises(SettingsError, match=r"^--slo: a b.yaml: there is no such file"):
        read_objectives("a\nb.yaml", sample_period_s=0.05)


# what is read


def test_without_annotations_the_bounds_are_the_defaults(read: Callable[..., Objectives]) -> None:
    assert read(SLO) == Objectives(target=99.9, window=30, name="echo")


def test_bounds_are_annotations(read: Callable[..., Objectives]) -> None:
    found = read(annotated("mesh-chaos/failover: 10s", "mesh-chaos/outage: 500ms", "mesh-chaos/failback: 1.5m"))
    assert (found.failover, found.outage, found.failback) == (10, 0.5, 90)
    assert found.return_outage == Objectives().return_outage


def test_annotations_of_others_are_theirs(read: Callable[..., Objectives]) -> None:
    assert read(annotated("openslo.com/key: value", "dashboard: x")).failover == Objectives().failover


@pytest.mark.parametrize(
    ("written", "percent"),
    [("target: 0.9995", 99.95), ("targetPercent: 99.95", 99.95), ("target: 0.57", 57), ("targetPercent: 99", 99)],
)
def test_a_target_is_a_share_or_in_percent(read: Callable[..., Objectives], written: str, percent: float) -> None:
    assert read(changed(SLO, ("target: 0.999", written))).target == percent


@pytest.mark.parametrize(
    ("duration", "days"),
    [("28d", 28), ("30d", 30), ("4w", 28), ("24h", 1), ("720m", 0.5), ("1M", 30), ("1Q", 90), ("1Y", 365)],
)
def test_a_window_rolls_over_minutes_to_years(read: Callable[..., Objectives], duration: str, days: float) -> None:
    assert read(changed(SLO, ("30d", duration))).window == days


@pytest.mark.parametrize(("written", "seconds"), [("1m", 60), ("5", 300), ("0.5", 30), ("2h", 7_200), ("1d", 86_400)])
def test_a_slice_is_a_duration_or_a_number_of_minutes(
    read: Callable[..., Objectives], written: str, seconds: float
) -> None:
    assert read(changed(SLICED, ("timeSliceWindow: 1m", f"timeSliceWindow: {written}"))).timeslice == seconds


def test_slices_may_be_said_where_requests_are_counted(read: Callable[..., Objectives]) -> None:
    """All three availabilities are shown, whichever is budgeted."""
    found = read(changed(SLICED, ("Timeslices", "Occurrences")))
    assert (found.method, found.timeslice, found.timeslice_target) == (BudgetingMethod.OCCURRENCES, 60, 95)


def test_documents_of_other_kinds_are_left_alone(read: Callable[..., Objectives]) -> None:
    others = [SERVICE.replace("Service", kind) for kind in ("DataSource", "AlertPolicy", "AlertCondition")]
    secret = changed(SERVICE, ("Service", "DataSource"), ("spec: {}", "spec: {connectionDetails: {token: abc}}"))
    assert read(*others, secret, SLO, SLI, "").name == "echo"


def test_an_indicator_may_be_another_document_or_be_elsewhere(read: Callable[..., Objectives]) -> None:
    assert read(REFERRING, SLI) == read(REFERRING) == Objectives(name="echo")


def test_the_specification_s_own_habits_are_understood(read: Callable[..., Objectives]) -> None:
    """Its examples leave ``alertPolicies:`` empty and give an ``op`` without a value; a label may be a list or text."""
    habits = changed(
        SLO,
        ("    - target: 0.999\n", "    - op: gt\n      target: 0.999\n  alertPolicies: # none yet\n"),
        ("  name: echo\n", "  name: echo\n  labels: {team: [a, b], env: prod}\n  displayName: Echo\n"),
    )
    assert read(habits) == Objectives(name="echo")


def test_one_of_several_is_chosen_by_name_whatever_the_others_have(read: Callable[..., Objectives]) -> None:
    other = changed(SLO, ("  name: echo\n", "  name: other\n"), ("isRolling: true", "isRolling: false"))
    assert read(other, SLO, name="#echo").name == "echo"


# what is refused


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ([("openslo/v1", "openslo/v1alpha")], "SLO echo: apiVersion: must be 'openslo/v1', not 'openslo/v1alpha'"),
        ([("kind: SLO", "kind: Slo")], "Slo echo: kind: must be 'SLO', 'SLI', 'DataSource', 'Service', "),
        ([("  name: echo\n", "  displayName: echo\n")], "document 1: metadata.name: is missing"),
        ([("  name: echo\n", "  name: 5\n")], "document 1: metadata.name: must be text; put it in quotes"),
        ([("  name: echo\n", "  name: ''\n")], "document 1: metadata.name: String should have at least 1 character"),
        ([("  service: echo\n", "")], "SLO echo: spec.service: is missing"),
        (
            [("  service: echo\n", "  service: echo\n  budgetingmethod: Timeslices\n")],
            "SLO echo: spec.budgetingmethod: OpenSLO v1 has no such field; did you mean budgetingMethod?",
        ),
        ([("  service: echo\n", "  service: echo\n  xyz: 1\n")], "SLO echo: spec.xyz: OpenSLO v1 has no such field"),
        (
            [("budgetingMethod: Occurrences", "budgetingMethod: Timeslice")],
            "SLO echo: spec.budgetingMethod: must be 'Occurrences', 'Timeslices' or 'RatioTimeslices', not 'Timeslice'",
        ),
        ([("  budgetingMethod: Occurrences\n", "")], "SLO echo: spec.budgetingMethod: is missing"),
        (
            [("Occurrences", "Timeslices")],
            "SLO echo: spec: budgetingMethod Timeslices needs objectives[0].timeSliceTarget",
        ),
        (
            [("Occurrences", "Timeslices"), ("target: 0.999", "target: 0.999\n      timeSliceTarget: 1")],
            "SLO echo: spec: budgetingMethod Timeslices needs objectives[0].timeSliceWindow",
        ),
        (
            [("Occurrences", "RatioTimeslices")],
            "SLO echo: spec: budgetingMethod RatioTimeslices needs objectives[0].timeSliceWindow",
        ),
    ],
)
def test_what_is_not_openslo_is_refused_by_document_and_field(
    refused: Callable[..., str], changes: list[tuple[str, str]], complaint: str
) -> None:
    assert refused(changed(SLO, *changes)).startswith(f"echo-slo.yaml: {complaint}")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("target: 1", "[0].target: 1 is no objective; choose a share between 0 and 1 (say 0.999)"),
        ("target: 0", "[0].target: 0 is no objective"),
        ("target: 99.9", "[0].target: 99.9 is no objective; choose a share between 0 and 1 (say 0.999); 99.9 % is "),
        ("target: -0.5", "[0].target: -0.5 is no objective"),
        ("target: .nan", "[0].target: must be a finite number"),
        ("target: '0.999'", "[0].target: must be a valid number"),
        ("target: yes", "[0].target: must be a valid number"),
        ("targetPercent: 100", "[0].targetPercent: 100 % is no objective; choose between 0 and 100 (say 99.9)"),
        ("targetPercent: 0", "[0].targetPercent: 0 % is no objective"),
        ("targetPercent: 0.999", "[0].targetPercent: 0.999 % would let nearly every request fail; a share is written "),
        ("displayName: x", "[0]: must have one of target (such as 0.999) and targetPercent (such as 99.9)"),
        ("{target: 0.9, targetPercent: 90}", "[0]: must have one of target"),
        ("{target: 0.9, timeSliceTarget: 0}", "[0].timeSliceTarget: 0 tells no good slice from a bad one; choose"),
        ("{target: 0.9, timeSliceTarget: 95}", "[0].timeSliceTarget: 95 tells no good slice from a bad one"),
        ("{target: 0.9, timeSliceWindow: 10s}", "[0].timeSliceWindow: '10s' is no duration such as 30d"),
        ("{target: 0.9, timeSliceWindow: 0}", "[0].timeSliceWindow: 0 minutes are no length for a slice"),
        ("{target: 0.9, timeSliceWindow: .inf}", "[0].timeSliceWindow: inf minutes are no length"),
        ("{target: 0.9, timeSliceWindow: true}", "[0].timeSliceWindow: True is no duration"),
        ("{target: 0.9, timeSliceWindow: 0.0001}", "[0].timeSliceWindow: 0.006 s cannot be measured with a sample ev"),
        ("{target: 0.9, op: gte, value: 1}", "[0].value: threshold metrics are not supported: the probe counts "),
        ("{target: 0.9, indicatorRef: x}", "[0].indicatorRef: composite SLOs are not supported: an experiment has one"),
        ("{target: 0.9, compositeWeight: 2}", "[0].compositeWeight: composite SLOs are not supported"),
        ("target: 0.9\n    - target: 0.99", ": must be one objective, not 2; give each an SLO of its own"),
    ],
)
def test_an_objective_that_cannot_be_is_refused_with_one_that_can(
    refused: Callable[..., str], written: str, complaint: str
) -> None:
    found = refused(changed(SLO, ("target: 0.999", written)))
    assert found.startswith(f"echo-slo.yaml: SLO echo: spec.objectives{complaint}")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("isRolling: false", "[0].isRolling: calendar-aligned windows are not supported: what an event costs is told"),
        (
            "isRolling: false\n      calendar: {startTime: 2022-01-01 12:00:00, timeZone: Europe/Berlin}",
            "[0].calendar: calendar-aligned windows are not supported",
        ),
        ("calendar: {}", "[0].calendar: calendar-aligned windows are not supported"),
        ("{}", "[0].isRolling: is missing"),
        ("isRolling: 1", "[0].isRolling: must be a valid boolean"),
        ("isRolling: true\n    - duration: 1d\n      isRolling: true", ": must be exactly one window, not 2"),
    ],
)
def test_a_window_that_does_not_roll_is_refused(refused: Callable[..., str], written: str, complaint: str) -> None:
    text = changed(SLO, ("      isRolling: true\n", "" if written == "{}" else f"      {written}\n"))
    assert refused(text).startswith(f"echo-slo.yaml: SLO echo: spec.timeWindow{complaint}")


@pytest.mark.parametrize("duration", ["30", "30D", "30s", "0d", "-1d", "1.5d", "1 d", "d", "''", "'30d\n'", "٣d"])
def test_a_duration_is_a_whole_number_and_a_letter(refused: Callable[..., str], duration: str) -> None:
    found = refused(changed(SLO, ("30d", duration)))
    assert found.startswith("echo-slo.yaml: SLO echo: spec.timeWindow[0].duration: ")
    assert "is no duration such as 30d: a whole number and one of m (minutes), h, d, w, M (30 days), Q" in found


def test_without_a_window_there_is_no_budget(refused: Callable[..., str]) -> None:
    text = changed(SLO, ("  timeWindow:\n    - duration: 30d\n      isRolling: true\n", ""))
    assert refused(text) == "echo-slo.yaml: SLO echo: spec.timeWindow: is missing"


def test_a_slice_fits_into_its_window(refused: Callable[..., str]) -> None:
    text = changed(SLICED, ("timeSliceWindow: 1m", "timeSliceWindow: 31d"))
    assert "spec: objectives[0].timeSliceWindow is longer than timeWindow[0].duration" in refused(text)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mesh-chaos/speed: 10s", "speed: no such bound; there are: mesh-chaos/failover, mesh-chaos/failback, mesh-ch"),
        ("mesh-chaos/target: 99s", "target: no such bound"),
        ("mesh-chaos/failover: 10", "failover: must be text; put it in quotes"),
        ("mesh-chaos/failover: '10'", "failover: '10' is no length such as 10s, 500ms or 1.5m"),
        ("mesh-chaos/failover: soon", "failover: 'soon' is no length"),
        (
            "mesh-chaos/failover: 50ms",
            "failover: 0.05 s cannot be measured with a sample every 0.05 s; choose at least",
        ),
    ],
)
def test_a_bound_that_cannot_be_is_refused(refused: Callable[..., str], line: str, complaint: str) -> None:
    found = refused(annotated(line)).split(": ", 2)
    assert found[:2] == ["echo-slo.yaml", "SLO echo"]
    assert found[2].startswith(f"metadata.annotations.mesh-chaos/{complaint}")


def test_bounds_in_a_wrong_place_are_not_passed_over(refused: Callable[..., str]) -> None:
    elsewhere = changed(SERVICE, ("  name: echo\n", "  name: echo\n  annotations: {mesh-chaos/failover: 1s}\n"))
    label = changed(SLO, ("  name: echo\n", "  name: echo\n  labels: {mesh-chaos/failover: 1s}\n"))
    inline = changed(SLO, ("name: answers", "name: answers\n      annotations: {mesh-chaos/failover: 1s}"))
    belongs = "bounds belong to the SLO's metadata.annotations"
    assert (
        refused(SLO, elsewhere) == f"echo-slo.yaml: Service echo: metadata.annotations.mesh-chaos/failover: {belongs}"
    )
    assert refused(label) == f"echo-slo.yaml: SLO echo: metadata.labels.mesh-chaos/failover: {belongs}"
    assert refused(inline) == f"echo-slo.yaml: SLO echo: spec.indicator.metadata.annotations: {belongs}"


def test_an_indicator_must_be_a_ratio(refused: Callable[..., str]) -> None:
    threshold = "thresholdMetric: {metricSource: {type: Any, spec: {query: latency}}}"
    inline = INLINE[INLINE.index("      ratioMetric:") :]
    document = SLI[SLI.index("  ratioMetric:") :]
    assert refused(changed(SLO, (inline, f"      {threshold}\n"))).startswith(
        "echo-slo.yaml: SLO echo: spec.indicator.spec.thresholdMetric: threshold metrics are not supported: the probe"
    )
    assert refused(REFERRING, changed(SLI, (document, f"  {threshold}\n"))).startswith(
        "echo-slo.yaml: SLI answers: spec.thresholdMetric: threshold metrics are not supported"
    )
    assert "SLI answers: spec.ratioMetric: must be good and total, or bad and total, or raw" in refused(
        REFERRING, changed(SLI, ("    bad:", "    raw:"))
    )


def test_an_slo_has_one_indicator(refused: Callable[..., str]) -> None:
    complaint = "echo-slo.yaml: SLO echo: spec: must have one of indicator and indicatorRef"
    assert refused(changed(SLO, (INLINE, ""))) == complaint
    assert refused(changed(SLO, (INLINE, f"{INLINE}  indicatorRef: answers\n"))) == complaint


def test_of_two_slos_one_must_be_chosen(refused: Callable[..., str]) -> None:
    other = changed(SLO, ("  name: echo\n", "  name: other\n"))
    asked = "there are 2 SLOs in it: choose one with echo-slo.yaml#NAME; there are: echo, other"
    assert refused(SLO, other) == f"echo-slo.yaml: {asked}"
    assert refused(SLO, other, name="#third") == "echo-slo.yaml: there is no SLO 'third' in it; there are: echo, other"
    assert refused(SLO, name="#") == "echo-slo.yaml: there is no SLO '' in it; there are: echo"
    assert refused(SLO, SLO, name="#echo") == "echo-slo.yaml: there are 2 SLOs 'echo' in it; names must differ"


def test_a_file_without_an_slo_says_what_it_has_instead(refused: Callable[..., str]) -> None:
    assert refused(SERVICE, SLI) == "echo-slo.yaml: there is no SLO in it, only SLI, Service"


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n---\n", "\ufeff"])
def test_an_empty_file_says_where_an_example_is(refused: Callable[..., str], text: str) -> None:
    assert refused(text) == "echo-slo.yaml: it is empty; docs/examples/echo-slo.yaml is an example of an SLO"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind: SLO\nmetadata: name: x\n", "line 2, column 15: mapping values are not allowed here"),
        ("kind: [SLO\n", "line 2, column 1: expected ',' or ']', but got '<stream end>'"),
        ("kind: *slo\n", "line 1, column 7: found undefined alias 'slo'"),
        ("a: 1\n\tb: 2\n", "line 2, column 1: found character '\\t' that cannot start any token"),
        ("a: !!python/object:x {}\n", "line 1, column 4: could not determine a constructor for the tag"),
        (f"{SLO}      target: 0.5\n", "line 20, column 7: the key 'target' is there twice"),
        (f"{SLO}kind: SLO\n", "line 20, column 1: the key 'kind' is there twice"),
    ],
)
def test_what_is_no_yaml_is_told_with_line_and_column(refused: Callable[..., str], text: str, complaint: str) -> None:
    assert refused(text).startswith(f"echo-slo.yaml: {complaint}")


@pytest.mark.parametrize("text", ["!!int x", "!!timestamp x", "2020-13-45", "!!bool x", "a: \x07"])
def test_what_yaml_itself_stumbles_over_is_refused_too(refused: Callable[..., str], text: str) -> None:
    assert refused(text).startswith("echo-slo.yaml: ")
    assert "cannot be read as YAML: " in refused(text)


def test_what_is_nested_too_deeply_is_refused(refused: Callable[..., str]) -> None:
    assert refused("[" * 5_000).endswith("is nested deeper than 50 levels")


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"kind: \xff")
    with pytest.raises(SettingsError, match=r"a.yaml: cannot be read: 'utf-8' codec can't decode"):
        read_objectives(str(file), sample_period_s=0.05)


@pytest.mark.parametrize("text", ["SLO", "[a]", "- kind: SLO", "5"])
def test_a_document_is_a_mapping(refused: Callable[..., str], text: str) -> None:
    assert refused(text).startswith("echo-slo.yaml: document 1: must be a mapping with apiVersion, kind, metadata and ")


def test_an_alias_may_not_lead_back_to_what_it_is_in(refused: Callable[..., str]) -> None:
    looped = changed(SLO, ("  name: echo\n", "  name: echo\n  labels: &l {a: *l}\n"))
    assert refused(looped) == "echo-slo.yaml: line 5, column 11: an alias stands for what it is in"


def test_nothing_secret_is_repeated(refused: Callable[..., str]) -> None:
    token = "s3cr3t"
    source = textwrap.dedent(f"""\
        apiVersion: openslo/v1
        kind: DataSource
        metadata: {{name: prometheus, token: {token}}}
        spec: {{connectionDetails: {{password: {token}}}}}
        """)
    assert token not in refused(source, SLO)


# lengths of time


@pytest.mark.parametrize(("text", "seconds"), [("1m", 60), ("12h", 43_200), ("365d", 31_536_000), ("1Y", 31_536_000)])
def test_a_shorthand_is_a_number_of_units(text: str, seconds: float) -> None:
    assert shorthand_s(text) == slice_s(text) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("10s", 10), ("0.5s", 0.5), ("500ms", 0.5), ("1m", 60), ("1.5m", 90)])
def test_a_bound_may_be_in_seconds(text: str, seconds: float) -> None:
    assert bound_s(text) == seconds


@pytest.mark.parametrize("text", ["10", "s", "-1s", "1 s", "1e3s", ".5s", "1h", "1s\n", "\u0663s", ""])
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no length such as 10s"):
        bound_s(text)
