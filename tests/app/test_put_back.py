"""A rebuild runs where the run stood, and leaves every file as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.app.put_back import files_put_back

FLOW = """
from pathlib import Path
import clew

@clew.step
def written(n: int) -> str:
    Path("out").mkdir(exist_ok=True)
    Path("out/n.txt").write_text(str(n))
    (Path(__file__).parent / "beside.txt").write_text(str(n))
    return "out/n.txt"

@clew.step
def read(name: str) -> str:
    return Path(name).read_text()

@clew.step
def length(path: Path) -> int:
    return len(path.read_text())

@clew.flow
def flow(n: int = 3, path: Path = Path("rows.txt")):
    return read(written(n)), length(path)
"""


def contents(folder: Path) -> dict[str, str | None]:
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


def test_a_rebuild_stands_where_the_run_stood_and_leaves_nothing(tmp_path: Path) -> None:
    for name in ("code", "work", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "code" / "flow.py").write_text(FLOW)
    (tmp_path / "work" / "rows.txt").write_text("12\n")

    def clew(folder: str, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "clew", *command],
            cwd=tmp_path / folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    clew("work", "run", "../code/flow.py:flow", "--quiet")
    shutil.rmtree(tmp_path / "work" / "out")
    (tmp_path / "code" / "beside.txt").write_text("of a newer run")
    before = contents(tmp_path)
    assert "identical: 3 nodes" in clew("elsewhere", "rebuild", "last")
    assert contents(tmp_path) == before


def written_anew() -> None:
    Path("old.txt").write_text("new")


def appended() -> None:
    with Path("old.txt").open("a") as file:
        file.write("more")


def removed() -> None:
    Path("old.txt").unlink()
    Path("link").unlink()
    shutil.rmtree("folder")


def moved() -> None:
    Path("folder").rename("other")
    os.replace("old.txt", "other/inside.txt")


def made() -> None:
    Path("new/deep").mkdir(parents=True)
    Path("new/deep/file.txt").write_text("x")
    Path("new/link").symlink_to("deep")


def database() -> None:
    with sqlite3.connect("old.db") as connection:
        connection.execute("INSERT INTO t VALUES (2)")
    connection.close()


def made_again() -> None:
    shutil.rmtree("folder")
    Path("folder").mkdir()
    Path("folder/other.txt").write_text("y")


ACTS = (written_anew, appended, removed, moved, made, database, made_again)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_what_was_done_is_undone(
    act: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("folder/inside.txt").write_text("inside")
    Path("old.txt").write_text("old")
    Path("link").symlink_to("old.txt")
    connection = sqlite3.connect("old.db")
    connection.execute("CREATE TABLE t (x)")
    connection.close()

    def state() -> dict[str, object]:
        return {
            str(path): path.readlink()
            if path.is_symlink()
            else path.is_file() and path.read_bytes()
            for path in sorted(Path().rglob("*"))
        }

    before = state()
    with files_put_back(str(tmp_path / "store")):
        act()
        assert state() != before
    assert state() == before
    Path("after.txt").write_text("nobody looks any more")
    assert Path("after.txt").exists()
