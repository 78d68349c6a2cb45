"""HELIX's replay: ten edits of the demo's flow, with clew, with joblib.Memory, and with nothing.

Xin et al., "HELIX: Holistic Optimization for Accelerating Iterative Machine Learning" (VLDB 2018,
section 6). Each iteration is a fresh process that imports the edited flow and runs it; the sum of
the CPU seconds of the first run and the ten others is compared. What a run returns (learner,
scores, predictions of all test rows) must be the same in all three at each iteration.

`joblib.Memory` is on every step, and the edits are such that it notices them: an edit of a helper
would leave it with old results (see the staleness suite). Of the ten, two change no result, as
people tidy before a review, and one takes another back: that is where clew's lead over it is from.
`python -m bench.helix` shows every iteration.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.child import run
from bench.demo import project, put_rows
from bench.figure import Figure
from bench.helix_edits import EDITS, START, Edit

QUICK_ROWS = 8_000
LOADED = (
    *("joblib", "pandas", "pyarrow.parquet", "skops.io", "sklearn.ensemble", "sklearn.pipeline"),
    *("sklearn.compose", "sklearn.linear_model", "sklearn.model_selection", "sklearn.naive_bayes"),
)

_STAND_IN = """
import sys, types
def stand_in(cached):
    clew = types.ModuleType("clew")
    def step(function=None, **options):
        return step if function is None else cached(function)
    clew.step, clew.flow, clew.log_metric = step, lambda flow: flow, lambda name, value: None
    sys.modules["clew"] = clew
"""
SYSTEMS = {
    "plain": _STAND_IN + "stand_in(lambda function: function)\n",
    "joblib": _STAND_IN + "import joblib\nstand_in(joblib.Memory('cache', verbose=0).cache)\n",
    "clew": "from clew.app.wiring import install\ninstall()\n",
}
_MAIN = """
import hashlib, json, time
from flow import adult
wall, cpu = time.perf_counter(), time.process_time()
found = adult()
spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
rows = json.dumps(found["predictions"].to_pydict()).encode()
result = [found["learner"], found["metrics"], hashlib.sha256(rows).hexdigest()]
print(json.dumps({**spent, "result": result}))
"""


@dataclass(frozen=True)
class Iteration:
    """Seconds of one run of the flow by system, and whether all returned the same."""

    edit: Edit
    cpu_s: dict[str, float]
    wall_s: dict[str, float]
    agrees: bool


def figures(quick: bool) -> Iterator[Figure]:
    """Yield the ratios of the summed CPU seconds."""
    import joblib

    iterations = replay(quick)
    total_s = {name: sum(one.cpu_s[name] for one in iterations) for name in SYSTEMS}
    agrees = all(one.agrees for one in iterations)
    peers = {"none": ("plain", "no reuse"), "joblib": ("joblib", f"joblib {joblib.__version__}")}
    for figure, (system, shown) in peers.items():
        ratio = total_s[system] / total_s["clew"]
        name = f"helix.vs_{figure}"
        yield Figure(name, ratio, "ratio", total_s["clew"], total_s[system], shown, agrees)


@cache
def replay(quick: bool) -> tuple[Iteration, ...]:
    """Run the flow before the first edit and after each."""
    preload()
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        folders = {name: Path(base) / name for name in SYSTEMS}
        for name, folder in folders.items():
            project(folder)
            put_rows(folder, QUICK_ROWS if quick else None)
            (folder / "main.py").write_text(SYSTEMS[name] + _MAIN, "utf-8")
        return tuple(iterate(edit, folders) for edit in (START, *EDITS))


def preload() -> None:
    """Load what a run may load before the first fork: the time of imports is nobody's."""
    for name in LOADED:
        importlib.import_module(name)
    for part in ("lineage", "steps", "adapters", "app"):
        package = importlib.import_module(f"clew.{part}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".demo." not in found.name:
                with contextlib.suppress(ImportError):  # A library that is not here.
                    importlib.import_module(found.name)


def iterate(edit: Edit, folders: dict[str, Path]) -> Iteration:
    """Make an edit in the project of each system and run its flow."""
    ran: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        file = folder / "flow.py"
        file.write_text(edit.apply(file.read_text("utf-8")), "utf-8")
        done = run(folder)
        if done.status != 0:
            raise RuntimeError(f"{name}, {edit.title}: {done.errors}")
        ran[name] = json.loads(done.printed.splitlines()[-1])
    cpu_s = {name: one["cpu_s"] for name, one in ran.items()}
    wall_s = {name: one["wall_s"] for name, one in ran.items()}
    agrees = all(one["result"] == ran["plain"]["result"] for one in ran.values())
    return Iteration(edit, cpu_s, wall_s, agrees)


def main() -> None:
    """Show each iteration of the whole replay: CPU seconds by system."""
    print(f"{'':14} {'':36}" + "".join(f"{name:>9}" for name in SYSTEMS))
    for one in replay(False):
        spent = "".join(f"{one.cpu_s[name]:9.2f}" for name in SYSTEMS)
        same = "" if one.agrees else "  results differ"
        print(f"{one.edit.kind:14} {one.edit.title:36}{spent}{same}")


if __name__ == "__main__":
    main()
