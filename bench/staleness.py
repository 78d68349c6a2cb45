"""Stale results and needless recomputation, against joblib.Memory, redun and Hamilton's cache.

Each program runs twice in processes of their own, which share nothing but its folder. What a run
must print is taken from the same program without reuse.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bench.child import Ran, run
from bench.figure import Figure
from bench.staleness_cases import CASES, HARMLESS, Case

TOKEN = "<executed>"
_COMMON = f"import os\ndef executed():\n    os.write(2, b'{TOKEN}')\nenv = os.environ.get\n"
SYSTEMS = {
    "plain": _COMMON + "def step(f):\n    return f\n",
    "clew": _COMMON + "from clew import env, step\n",
    "joblib": _COMMON + "import joblib\nstep = joblib.Memory('cache', verbose=0).cache\n",
    "redun": _COMMON
    + """
from redun import Scheduler, task
from redun.config import Config
def step(f):
    wrapped = task(name=f.__name__, namespace="bench")(f)
    def run(*args, **kwargs):
        scheduler = Scheduler(Config({"backend": {"db_uri": "sqlite:///redun.db"}}))
        scheduler.load()
        return scheduler.run(wrapped(*args, **kwargs))
    return run
""",
    "hamilton": _COMMON
    + """
import inspect, itertools
from hamilton import ad_hoc_utils, driver
numbers = itertools.count()
def step(f):
    module = ad_hoc_utils.create_temporary_module(f, module_name=f"nodes{next(numbers)}")
    def run(*args, **kwargs):
        built = driver.Builder().with_modules(module).with_cache(path="cache").build()
        inputs = inspect.signature(f).bind(*args, **kwargs).arguments
        return built.execute([f.__name__], inputs=inputs)[f.__name__]
    return run
""",
}
PEERS = {"joblib": "joblib", "redun": "redun", "hamilton": "sf-hamilton"}
LOADED = {
    "clew": ("clew.app.wiring", "clew.steps.step", "numpy"),
    "joblib": ("joblib", "numpy"),
    "redun": ("redun", "numpy"),
    "hamilton": ("hamilton.driver", "hamilton.ad_hoc_utils", "numpy"),
}


@dataclass(frozen=True)
class Verdict:
    """How a system did: names of the cases in which it was stale, recomputed, or could not run."""

    stale: tuple[str, ...]
    needless: tuple[str, ...]
    unable: tuple[str, ...]


def figures(quick: bool) -> Iterator[Figure]:
    ours = judge("clew")
    peers = {name: judge(name) for name in (["joblib"] if quick else PEERS)}
    for kind in ("stale", "needless"):
        count = len(getattr(ours, kind))
        counts = {name: len(getattr(verdict, kind)) for name, verdict in peers.items()}
        shown = ", ".join(f"{name} {version(PEERS[name])}: {n}" for name, n in counts.items())
        agrees = not ours.unable
        best = min(counts.values())
        yield Figure(f"staleness.{kind}", count, "count", count, best, shown, agrees)


def judge(system: str) -> Verdict:
    """Run the whole suite under one system."""
    for module in LOADED.get(system, ()):
        importlib.import_module(module)
    stale, needless, unable = [], [], []
    for name, case in CASES.items():
        first, second = twice(system, case)
        if first.status or second.status:
            unable.append(name)
        elif is_stale(name, first, second):
            stale.append(name)
    for name, case in HARMLESS.items():
        first, second = twice(system, case)
        if first.status or second.status:
            unable.append(name)
        elif second.errors.count(TOKEN):
            needless.append(name)
    return Verdict(tuple(stale), tuple(needless), tuple(unable))


def is_stale(name: str, first: Ran, second: Ran) -> bool:
    """Tell whether the second run printed what it must not."""
    check = CASES[name].check
    if check == "truth":
        return second.printed != truth(name)
    return (second.printed == first.printed) == (check == "differs")


@cache
def truth(name: str) -> str:
    """Return what the second run of a case prints without reuse."""
    return twice("plain", CASES[name])[1].printed


def twice(system: str, case: Case) -> tuple[Ran, Ran]:
    """Run a program, change what the case is about, and run it again."""
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as place:
        folder = Path(place)
        (folder / "system.py").write_text(SYSTEMS[system])
        case.write(folder)
        first = run(folder, case.variables[0])
        case.alter(folder)
        return first, run(folder, case.variables[1])


if __name__ == "__main__":
    print(json.dumps(asdict(judge(sys.argv[1]))))
