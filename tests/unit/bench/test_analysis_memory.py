"""The benchmark of the analysis explains itself, as the others do."""

from __future__ import annotations

import pytest

from benchmarks import analysis_memory


@pytest.mark.parametrize(("argument", "code", "says"), [("--help", 0, "peak resident memory"), ("many", 2, "'many'")])
def test_it_is_told_what_may_be_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argument: str, code: int, says: str
) -> None:
    monkeypatch.setattr("sys.argv", ["analysis_memory.py", argument])
    with pytest.raises(SystemExit) as ended:
        analysis_memory.main()
    told = capsys.readouterr()
    assert (ended.value.code, says in told.out + told.err) == (code, True)
