"""What no module of the suite may do, whoever writes the next one: a shell, an unsafe loader, code from data."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("chaos", "fixtures", "reports", "scenarios", "benchmarks")
_SAFE = {"SafeLoader", "CSafeLoader", "_Events"}

FORBIDDEN = {
    "os.system", "os.popen", "os.spawnl", "os.spawnlp", "os.spawnv", "os.spawnvp", "subprocess.getoutput",
    "subprocess.getstatusoutput", "asyncio.create_subprocess_shell", "pty.spawn", "commands.getoutput",
    "eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load",
    "marshal.loads", "shelve.open", "dill.loads", "joblib.load", "yaml.unsafe_load", "yaml.unsafe_load_all",
    "yaml.full_load", "yaml.full_load_all", "tempfile.mktemp", "ssl._create_unverified_context",
}  # fmt: skip
"""A shell, code from data, a name of a temporary file that another may take first, a server that may be anybody."""


@cache
def _trees() -> tuple[tuple[str, ast.Module], ...]:
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 300
    return tuple((str(file.relative_to(ROOT)), ast.parse(file.read_text())) for file in files)


def calls(source: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call, by the dotted name that is called."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def wrong(name: str, call: ast.Call) -> bool:
    """Whether a call is one that is forbidden, or is given what makes it one."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    shell, loader = given.get("shell"), given.get("Loader")
    if name in FORBIDDEN or (shell is not None and not is_constant(shell, False)):
        return True
    if name in {"yaml.load", "yaml.load_all", "yaml.parse", "yaml.compose", "yaml.compose_all", "yaml.scan"}:
        loader = loader or (call.args[1] if len(call.args) > 1 else None)
        return loader is None or not any(word in ast.unparse(loader) for word in _SAFE)
    return is_constant(given.get("verify"), False)


def is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_no_module_does_it() -> None:
    found = [
        f"{file}:{call.lineno}: {name}" for file, tree in _trees() for name, call in calls(tree) if wrong(name, call)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "os.system('true')", "subprocess.run('true', shell=True)", "subprocess.run(a, shell=anything)", "eval(text)",
        "yaml.load(text)", "yaml.load(text, Loader=yaml.Loader)", "yaml.load_all(text, yaml.UnsafeLoader)",
        "yaml.unsafe_load(text)", "pickle.loads(data)", "httpx.get(url, verify=False)", "tempfile.mktemp()",
        "asyncio.create_subprocess_shell('true')",
    ],
)  # fmt: skip
def test_it_would_be_found(source: str) -> None:
    assert any(wrong(name, call) for name, call in calls(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(['true'])", "subprocess.run(a, shell=False)", "yaml.safe_load(text)", "model.compile(a)",
        "yaml.load(text, Loader=yaml.CSafeLoader)", "re.compile(text)", "httpx.Client(verify=True)",
    ],
)  # fmt: skip
def test_what_is_allowed_is_not_found(source: str) -> None:
    assert not any(wrong(name, call) for name, call in calls(ast.parse(source)))


def test_no_subprocess_gets_its_command_as_one_text() -> None:
    """Without a shell that would be a program's name; a list cannot become two commands."""
    runs = {"subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.check_call", "subprocess.call"}
    found = [
        f"{file}:{call.lineno}"
        for file, tree in _trees()
        for name, call in calls(tree)
        if name in runs and call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp)
    ]
    assert found == []


def test_nothing_binds_every_address() -> None:
    """Not even as a constant, but where it is known of others: what listens is given an address of loopback."""
    found = {
        file
        for file, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in {"0.0.0.0", "[::]"}
    }
    assert found == {"fixtures/local/network.py", "fixtures/platforms/universal/kuma/ports.py"}


def test_users_yaml_is_read_by_the_bounded_loader_only() -> None:
    """``yaml.safe_load`` itself is for what the suite has written or ships: it has no bounds."""
    own = {
        "fixtures/platforms/kubernetes/walkthrough.py",
        "fixtures/platforms/kubernetes/testbed/applying.py",
        "fixtures/platforms/universal/breakables/rolling.py",
        "fixtures/platforms/universal/tampering.py",
    }
    found = {file for file, tree in _trees() for name, _ in calls(tree) if name.startswith("yaml.safe_load")}
    assert found <= own


def test_ruff_has_the_same_rules_switched_on() -> None:
    import tomllib

    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert {rule for rule in lint["ignore"] if rule.startswith("S")} == {"S101", "S603"}
