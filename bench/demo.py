"""The demo's flow twice: what its second run takes of its first.

Both times are the flow's own, as the summary of `clew run` says them: the start of the interpreter
and its imports are left out. The figure agrees only where the second run executed no step and gave
the same metrics.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.figure import Figure
from clew.data import adult

QUICK_ROWS = 12_000


def figures(quick: bool) -> Iterator[Figure]:
    """Yield the one figure."""
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        folder = Path(base) / "project"
        project(folder)
        put_rows(folder, QUICK_ROWS if quick else None)
        first, second = run_flow(folder), run_flow(folder)
    executed = second["decisions"].get("computed", 0)
    agrees = executed == 0 and first["metrics"] == second["metrics"]
    share = second["seconds"] / first["seconds"]
    name = "demo.second_run"
    yield Figure(name, share, "share", second["seconds"], first["seconds"], "first run", agrees)


def project(folder: Path) -> None:
    """Write the demo's code into a new folder."""
    folder.mkdir(parents=True)
    for source in files("clew.app.demo").joinpath("project").iterdir():
        if source.name.endswith(".py"):
            (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")


def put_rows(folder: Path, rows: int | None) -> None:
    """Put the Adult data into the folder: all of it, or about `rows` evenly spread rows."""
    if rows is None:
        shutil.copyfile(adult.path(), folder / "adult.parquet")
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(adult.path())
    kept = pa.array(range(0, len(table), len(table) // rows))
    pq.write_table(table.take(kept), folder / "adult.parquet")


def run_flow(folder: Path) -> dict[str, Any]:
    """Run the flow in a process of its own and return the summary."""
    environment = {**os.environ, "CLEW_STORE": str(folder / ".clew"), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-m", "clew.cli.main", "run", "flow.py:adult", "--json"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary
