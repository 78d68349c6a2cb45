"""Ten edits of the Adult flow, one after the other, run after each: what they take in all.

As in HELIX (Xin et al., VLDB 2018, section 6), edits touch preparation, learning and, most often,
evaluation; among them are two ideas that are given up again and changes of text alone. Each run is
a process of its own; CPU seconds of the flow, imports excluded. The peers run the same files with
their own meaning of `@clew.step`: none at all, or joblib.Memory. Every edit lies in the body of a
step, where joblib can see it; results are compared after each.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from bench.child import run
from bench.figure import Figure

QUICK_ROWS, QUICK_EDITS = 6_000, 4
MAIN = """
import hashlib, json, time
import flow
began = time.process_time()
result = flow.adult()
seconds = time.process_time() - began
predictions = result["predictions"]["over_50k"].to_numpy().tobytes()
print(json.dumps({
    "seconds": seconds,
    "metrics": result["metrics"],
    "learner": result["learner"],
    "predictions": hashlib.sha256(predictions).hexdigest(),
}))
"""
_SHIM = """
def step(function=None, **options):
    return WRAP(function) if function else WRAP
def flow(function):
    return function
def log_metric(*args, **kwargs):
    pass
"""
SYSTEMS = {
    "clew": "",
    "none": "WRAP = lambda function: function\n" + _SHIM,
    "joblib": "import joblib\nWRAP = joblib.Memory('cache', verbose=0).cache\n" + _SHIM,
}
LOADED = (
    *("joblib", "numpy", "pandas", "pyarrow.parquet", "sklearn.ensemble", "sklearn.compose"),
    *("sklearn.linear_model", "sklearn.model_selection", "sklearn.naive_bayes"),
    *("skops.io", "scipy.sparse", "pandas.core.arrays.arrow", "hashlib"),
)
# What each edit does, and the replacement in flow.py that makes it.
EDITS: tuple[tuple[str, str, str], ...] = (
    (
        "evaluate: share of positives",
        '        "test accuracy":',
        '        "positives": float((probability > 0.5).mean()),\n        "test accuracy":',
    ),
    ("learn: other score", 'cv=3, scoring="roc_auc"', 'cv=3, scoring="average_precision"'),
    ("learn: given up", 'cv=3, scoring="average_precision"', 'cv=3, scoring="roc_auc"'),
    ("evaluate: other threshold", "(probability > 0.5).mean()", "(probability > 0.4).mean()"),
    ("prepare: stricter check", "(age <= 120)", "(age <= 110)"),
    (
        "learn: a local variable renamed",
        "    scores = cross_val_score(",
        "    values = cross_val_score(",
    ),
    ("evaluate: percentages", '"test auc": float(', '"test auc": 100 * float('),
    (
        "learn: docstring",
        "Return the mean area under the ROC curve over three folds.",
        "Return the area under the ROC curve, the mean of three folds.",
    ),
    ("evaluate: given up", '"test auc": 100 * float(', '"test auc": float('),
    (
        "evaluate: names",
        '"positives":',
        '"share of positives":',
    ),
)


def figures(quick: bool) -> Iterator[Figure]:
    preload()
    edits = EDITS[:QUICK_EDITS] if quick else EDITS
    taken, printed = {}, {}
    for system in SYSTEMS:
        taken[system], printed[system] = replay(system, edits, QUICK_ROWS if quick else None)
    for peer, name in (("none", "no reuse"), ("joblib", f"joblib {version('joblib')}")):
        ratio = taken[peer] / taken["clew"]
        agrees = printed[peer] == printed["clew"]
        yield Figure(f"helix.vs_{peer}", ratio, "ratio", taken["clew"], taken[peer], name, agrees)


def preload() -> None:
    """Load what a run may load, so that children of this process measure none of it."""
    for module in LOADED:
        importlib.import_module(module)
    for name in ("lineage", "steps", "adapters", "app"):
        package = importlib.import_module(f"clew.{name}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".demo." not in found.name:
                with contextlib.suppress(ImportError):  # a format whose library is not there
                    importlib.import_module(found.name)


def replay(
    system: str, edits: tuple[tuple[str, str, str], ...], rows: int | None
) -> tuple[float, list[object]]:
    """Return the CPU seconds of all runs, and the results of each."""
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as place:
        folder = Path(place)
        set_up(folder, system, rows)
        results = [once(folder, system)]
        for _, old, new in edits:
            apply(folder / "flow.py", old, new)
            results.append(once(folder, system))
    seconds = sum(float(str(result.pop("seconds"))) for result in results)
    return seconds, list(results)


def set_up(folder: Path, system: str, rows: int | None) -> None:
    """Write the project, its data and the system's meaning of `clew`."""
    import pyarrow.parquet as pq

    from clew.data import adult

    project = files("clew.app.demo").joinpath("project")
    for name in ("flow.py", "features.py"):
        (folder / name).write_text(project.joinpath(name).read_text("utf-8"))
    (folder / "main.py").write_text(MAIN)
    if SYSTEMS[system]:
        (folder / "clew.py").write_text(SYSTEMS[system])
    table = pq.read_table(adult.path())
    if rows is not None:
        table = table.take(list(range(0, table.num_rows, table.num_rows // rows)))
    pq.write_table(table, folder / "adult.parquet")


def apply(file: Path, old: str, new: str) -> None:
    """Make one edit."""
    text = file.read_text()
    if old not in text:
        raise RuntimeError(f"the flow of the demo does not hold {old!r} any more")
    text = text.replace(old, new)
    if "values = cross_val_score(" in new:
        text = text.replace("scores.mean()", "values.mean()")
    file.write_text(text)


def once(folder: Path, system: str) -> dict[str, object]:
    """Run the flow once."""
    ran = run(folder, forget="" if system == "clew" else "clew")
    if ran.status:
        raise RuntimeError(f"the flow failed under {system}:\n{ran.errors}")
    result: dict[str, object] = json.loads(ran.printed.splitlines()[-1])
    return result
