"""A project folder, and the command line in this process or in one of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clew.cli import main

WORK = """
from enum import Enum
from pathlib import Path
from typing import Literal
import clew
import more

class Mode(Enum):
    FAST = 1
    EXACT = "exact"

@clew.step
def load(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()]

@clew.step
def total(rows: list[int], by: float) -> float:
    clew.log_metric("total", sum(rows) * by)
    return more.rounded(sum(rows) * by)

@clew.flow
def flow(path: Path = Path("rows.txt"), by: float = 1.0) -> float:
    return total(load(path), by)

@clew.step
def show(value: object) -> str:
    return repr(value)

@clew.flow
def typed(
    count: int = 1,
    rate: float = 0.5,
    name: str = "x",
    flag: bool = False,
    mode: Mode = Mode.FAST,
    kind: Literal["a", "b"] = "a",
    path: Path = Path("."),
    limit: int | None = None,
    items: list[int] = [],
    table: dict[str, int] = {},
    free=None,
):
    return [count, rate, name, flag, mode.name, kind, str(path), limit, items, table, free]

@clew.flow
def needs(x: int):
    return show(x)

@clew.step
def broken(x: int) -> int:
    return more.divide(x)

@clew.flow
def failing():
    return broken(1)
"""
MORE = """
def rounded(x):
    return round(x, 2)

def divide(x):
    return x / 0
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Iterator[Path]:
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "more.py").write_text(MORE)
    (tmp_path / "rows.txt").write_text("1\n2\n3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in ("work", "more"):
        sys.modules.pop(name, None)


@pytest.fixture
def clew_(project: Path) -> Callable[..., Result]:
    """Run a command in this process."""

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments), prog_name="clew")
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return run


@pytest.fixture
def fresh(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in a process of its own."""

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "clew", *arguments]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return run
