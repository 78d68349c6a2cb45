"""The demo as a play: each scene is a command that a user would type, and what came of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from clew.app.demo import gate
from clew.app.demo.serve import Act, act
from clew.data import adult
from clew.errors import ClewError, InvalidParameter, MissingExtra

FILES = ("flow.py", "features.py", "search.py")
NEEDS = {"pyarrow": "tables", "pandas": "pandas", "sklearn": "sklearn", "skops": "sklearn"}
EDIT = ("BINS = 8", "BINS = 12")
"""The edit of a feature step that the demo makes: a constant that one helper reads."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of the demo's flow, as its summary says."""

    title: str
    run: str
    seconds: float
    computed: int
    reused: int
    saved_s: float
    auc: float


@dataclass(frozen=True, slots=True)
class Story:
    """All that the demo found.

    Parameters
    ----------
    scenes : tuple of Scene
        First run, second run, run after the edit.
    reason : str
        Why the edited step was computed.
    parting : str
        Where the threads of the first and the third run part.
    row : dict
        A prediction's source row, by column.
    rebuilt : str
        What the rebuild of the predictions found.
    search : dict
        A grid searched by scikit-learn and by `clew.Search`: CPU seconds, ratio, differences.
    version : str
        The registered version of the last run's model, ``adult/1``.
    gate : Judgement
        What the gate said of an over-fitted model and of the flow's; where this one is worst.
    served : Act
        The test rows, asked of that version over HTTP.
    """

    folder: Path
    learner: str
    scenes: tuple[Scene, ...]
    reason: str
    parting: str
    row: dict[str, Any]
    rebuilt: str
    search: dict[str, Any]
    version: str
    gate: gate.Judgement
    served: Act


def play(folder: Path, say: Say) -> Story:
    """Set up the project in `folder` and play the demo.

    Parameters
    ----------
    say : callable
        Gets each line of the story as it happens.

    Raises
    ------
    MissingExtra
        When a library of the demo is not installed.
    InvalidParameter
        When the folder holds something else.
    """
    _check_libraries()
    _set_up(folder)
    say(f"project: {folder}  (flow.py, features.py, adult.parquet: 48,842 rows of the 1994 census)")
    first = _run(folder, "first run", say)
    second = _run(folder, "again", say)
    _edit(folder)
    say(f"\nfeatures.py: {EDIT[0]} → {EDIT[1]}")
    third = _run(folder, "edited", say)
    reason = _reason(folder, third, say)
    parting = _parting(folder, first, third, say)
    row = _source_row(folder, third, say)
    rebuilt = _command(folder, say, "rebuild", f"{third['run']}:predict", "--json")
    same = json.loads(rebuilt)
    verdict = f"{same['executed']} nodes executed again in a fresh process, every content id equal"
    if not same["identical"]:
        verdict = f"differs at {same['operation']}: {same['difference']}"
    say(f"  {verdict}")
    search = _search(folder, say)
    judgement = _gate(folder, third, say)
    served = _serve(folder, third, say)
    scenes = tuple(
        _scene(title, summary)
        for title, summary in (("first run", first), ("again", second), ("edited", third))
    )
    return Story(
        folder,
        _learner(third),
        scenes,
        reason,
        parting,
        row,
        verdict,
        search,
        judgement.passed,
        judgement,
        served,
    )


def _check_libraries() -> None:
    import importlib.util

    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"the demo needs {', '.join(missing)}", hint="pip install 'clew[demo]', then try again"
        )


def _set_up(folder: Path) -> None:
    """Write the project anew: the demo always begins with an empty store."""
    known = {*FILES, *gate.FILES, "adult.parquet", "clew.toml", ".clew", "__pycache__"}
    if folder.exists():
        strange = sorted(path.name for path in folder.iterdir() if path.name not in known)
        if not folder.is_dir() or strange:
            raise InvalidParameter(
                f"{folder} holds something else",
                got=", ".join(strange[:5]),
                expected="a new folder",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    project = files(__package__).joinpath("project")
    for name in FILES:
        (folder / name).write_text(project.joinpath(name).read_text("utf-8"), "utf-8")
    shutil.copyfile(adult.path(), folder / "adult.parquet")
    (folder / "clew.toml").write_text('[store]\npath = ".clew"\n', "utf-8")


def _edit(folder: Path) -> None:
    file = folder / "features.py"
    text = file.read_text("utf-8")
    if EDIT[0] not in text:
        raise ClewError(f"{file} does not hold {EDIT[0]!r}")
    file.write_text(text.replace(*EDIT), "utf-8")


def _environment() -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key != "CLEW_STORE"}
    # Idle OpenMP threads sleep: they would otherwise spin against whatever else runs here.
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return environment


def _command(folder: Path, say: Say, *arguments: str, quiet: bool = False) -> str:
    """Run a command as a user would, in a process of its own; return what it printed."""
    shown = " ".join(argument for argument in arguments if argument != "--json")
    if not quiet:
        say(f"\n$ clew {shown}")
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli.main", *arguments],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 and not done.stdout.startswith("{"):
        raise ClewError(f"clew {shown} failed:\n{done.stderr.strip()}")
    return done.stdout


def _run(folder: Path, title: str, say: Say) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(_command(folder, say, "run", "flow.py:adult", "--json"))
    scene = _scene(title, summary)
    say(
        f"  {scene.seconds:.2f} s: {scene.computed} steps computed, {scene.reused} reused; "
        f"test AUC {scene.auc:.4f}"
    )
    return summary


def _scene(title: str, summary: dict[str, Any]) -> Scene:
    decisions = summary["decisions"]
    return Scene(
        title,
        summary["run"],
        summary["seconds"],
        decisions.get("computed", 0),
        decisions.get("reused", 0) + decisions.get("pruned", 0),
        summary["saved_s"],
        summary["metrics"]["test auc"],
    )


def _learner(summary: dict[str, Any]) -> str:
    scores = {
        name.removeprefix("cv auc of "): value
        for name, value in summary["metrics"].items()
        if name.startswith("cv auc of ")
    }
    best: str = max(scores, key=lambda name: scores[name])
    return best


def _reason(folder: Path, summary: dict[str, Any], say: Say) -> str:
    printed = _command(folder, say, "why", summary["run"], "build_features", "--json")
    (why,) = json.loads(printed)
    reason: str = why["reason"]
    say(f"  build_features was {why['decision']}: {reason}")
    return reason


def _parting(folder: Path, one: dict[str, Any], two: dict[str, Any], say: Say) -> str:
    partings = json.loads(_command(folder, say, "diff", one["run"], two["run"], "--json"))
    lines = [
        f"{parting['operation']}: {why['field']}: {why['now']}"
        for parting in partings
        for why in parting["why"]
    ]
    say("  the threads part at " + "; ".join(lines))
    return "; ".join(lines)


def _search(folder: Path, say: Say) -> dict[str, Any]:
    """Let scikit-learn and `clew.Search` search the same grid, on this machine, now."""
    say("\n$ python search.py")
    done = subprocess.run(
        [sys.executable, "search.py"],
        cwd=folder,
        env={**_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClewError(f"search.py failed:\n{done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    say(
        f"  {found['configurations']} configurations × 5 folds: "
        f"GridSearchCV {found['plain_s']:.1f} s, "
        f"clew.Search {found['clew_s']:.1f} s CPU: {found['ratio']:.1f}×; "
        f"scores within {found['largest_difference']:.0e}, same best: {found['same_best']}"
    )
    return found


def _gate(folder: Path, summary: dict[str, Any], say: Say) -> gate.Judgement:
    """Register the run's model beside two others, and promote it if its gate lets it."""
    from clew.app.store import open_store

    store = open_store(folder / ".clew")
    train, test = (store.value(f"{summary['run']}:{part}") for part in ("part", "part#2"))
    old, overfitted = gate.prepare(folder, store, train, test)
    version = register_model(folder, summary, say, alias=None)
    return gate.play(folder, store, (old, overfitted, version), say)


def register_model(
    folder: Path, summary: dict[str, Any], say: Say, *, alias: str | None = "champion"
) -> str:
    """Log what a run read and its model, and register that; its thread leads back to the rows."""
    from clew.app.store import open_store
    from clew.registry import register
    from clew.steps import runtime
    from clew.track.active import ActiveRun
    from clew.track.save import log_model

    store = open_store(folder / ".clew")
    with runtime.using(store.runtime):
        model = store.value(f"{summary['run']}:fit")
        rows = store.value(f"{summary['run']}:load")
        ActiveRun.of(summary["run"]).log_input(rows, "adult", source="adult.parquet")
        logged = log_model(model, "adult", run=summary["run"])
        version = register(logged, "adult", alias=alias, description="made by `clew demo`")
    say(
        f"\nregistered as adult version {version.version}: "
        f"models:/adult{f'@{alias}' if alias else f'/{version.version}'}, from run {summary['run']}"
    )
    return f"{version.name}/{version.version}"


def _serve(folder: Path, summary: dict[str, Any], say: Say) -> Act:
    """Ask the registered model for each test row over HTTP."""
    from clew.app.store import open_store

    test = open_store(folder / ".clew").value(f"{summary['run']}:part#2")
    rows = test.drop(columns=["row_id", "over_50k"]).to_dict("records")
    command = partial(_command, folder, say)
    return act(folder, _environment(), command, rows, test["over_50k"].tolist(), say)


def _source_row(folder: Path, summary: dict[str, Any], say: Say) -> dict[str, Any]:
    """Follow one prediction up the graph to the file, and by its row_id to its row."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from clew.app.store import open_store

    store = open_store(folder / ".clew")
    predictions = store.value(f"{summary['run']}:predict")
    best = int(pc.index(predictions["over_50k"], pc.max(predictions["over_50k"])).as_py())
    row_id = predictions["row_id"][best].as_py()
    lineage = store.lineage(f"{summary['run']}:predict")
    reads = [read for node in lineage.nodes for read in node.reads if read.kind == "file"]
    source = next(read.name for read in reads if read.name.endswith(".parquet"))
    row: dict[str, Any] = pq.read_table(
        folder / source, filters=[("row_id", "=", row_id)]
    ).to_pylist()[0]
    probability = predictions["over_50k"][best].as_py()
    steps = " ← ".join(node.operation.partition(":")[2] for node in lineage.nodes)
    say(f"\nthe surest prediction: {probability:.4f} for row_id {row_id}")
    say(f"  its thread: {steps} ← {source}")
    shown = ", ".join(
        f"{name} {row[name]}" for name in ("age", "education", "occupation", "income")
    )
    say(f"  its source row: {shown}")
    return row
