"""The flow of `clew demo`, run twice as a user would: what the second run takes.

Seconds of the flow as the run's record says, without the start of the interpreter and imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figure import Figure


def figures(quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as place:
        folder = Path(place)
        set_up(folder)
        first, second = run(folder), run(folder)
    share = second["seconds"] / first["seconds"]
    executed = second["decisions"].get("computed", 0)
    same = first["metrics"] == second["metrics"] and first["result"] == second["result"]
    agrees = same and executed == 0
    name = "demo.second_run"
    yield Figure(name, share, "share", second["seconds"], first["seconds"], "first run", agrees)


def set_up(folder: Path) -> None:
    """Write the demo's project."""
    from importlib.resources import files
    from shutil import copyfile

    from clew.data import adult

    for name in ("flow.py", "features.py"):
        source = files("clew.app.demo").joinpath("project").joinpath(name)
        (folder / name).write_text(source.read_text("utf-8"), "utf-8")
    copyfile(adult.path(), folder / "adult.parquet")


def run(folder: Path) -> dict[str, Any]:
    """Run the flow in a process of its own and return its summary."""
    command = [sys.executable, "-m", "clew.cli.main", "run", "flow.py:adult", "--json"]
    environment = {**os.environ, "CLEW_STORE": str(folder / ".clew")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the demo's flow failed:\n{done.stderr}")
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary
