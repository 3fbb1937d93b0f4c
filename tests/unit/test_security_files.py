"""What a run writes is its user's alone, whatever the umask it was started with."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def made_by(code: str, folder: Path) -> dict[str, int]:
    """The modes of what a process with the usual umask makes in a folder, by name."""
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, umask=0o022,
        env={k: v for k, v in os.environ.items() if not k.startswith("MESH_CHAOS_")},
    )  # fmt: skip
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if not path.is_symlink()}


def test_what_a_run_writes_is_private_and_what_its_processes_write_too(tmp_path: Path) -> None:
    code = (
        "import sys, subprocess; from pathlib import Path; from fixtures.run import run_folder\n"
        "folder = run_folder(Path(sys.argv[1]) / 'artifacts')\n"
        "(folder / 'report.html').write_text('x'); (folder / 'allure-results').mkdir()\n"
        "subprocess.run(['touch', folder / 'envoy.log'], check=True)"
    )
    modes = made_by(code, tmp_path)
    assert {modes.pop(name) for name in ("report.html", "envoy.log")} == {0o600}
    assert len(modes) == 3
    assert set(modes.values()) == {0o700}


def test_a_worker_that_finds_the_runs_folder_is_as_private(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from fixtures.run import RUN_FOLDER_VARIABLE, run_folder\n"
        "os.environ[RUN_FOLDER_VARIABLE] = sys.argv[1]; (run_folder(Path('unused')) / 'picture.png').write_text('x')"
    )
    assert made_by(code, tmp_path) == {"picture.png": 0o600}


def test_what_mesh_chaos_writes_is_private(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chaos import cli\n"
        "cli.app = lambda: (Path(sys.argv[1]) / 'history.sqlite').write_text('x'); cli.main()"
    )
    assert made_by(code, tmp_path) == {"history.sqlite": 0o600}


def test_a_stricter_umask_stays(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from chaos.privacy import keep_private\n"
        "os.umask(0o277); keep_private(); (Path(sys.argv[1]) / 'a').write_text('x')"
    )
    assert made_by(code, tmp_path) == {"a": 0o400}
