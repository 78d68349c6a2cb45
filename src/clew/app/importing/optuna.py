"""`clew import optuna`: studies of Optuna's storages, each an experiment, each trial a run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blake3 import blake3

from clew.app.importing.report import Imported
from clew.app.tracking import Tracking
from clew.entities import Metric
from clew.entities.run import RunStatus
from clew.errors import InvalidParameter, MissingExtra, NotFound

_STATUS: dict[str, RunStatus] = {
    "COMPLETE": "finished",
    "PRUNED": "killed",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "scheduled",
}
_LONGEST = 5000


def import_optuna(
    tracking: Tracking, storage: str, *, study: str | None = None, experiment: str | None = None
) -> Imported:
    """Take in the studies of a storage of Optuna.

    A trial's parameters are params; its values are the metric ``value`` (``value_0``, … of several
    objectives), what it reported between is the metric ``intermediate`` by step; attributes are
    tags. Importing again adds the trials that are new, and those that have ended meanwhile.

    Parameters
    ----------
    storage : str
        A URL of a database (``sqlite:///study.db``), a file of SQLite, or a file of
        `JournalStorage`.
    study : str, optional
        Its name; by default all.
    experiment : str, optional
        Name of the experiment of that one study; by default the study's.

    Raises
    ------
    MissingExtra
        When Optuna is not installed.
    NotFound
        When there is no such storage or study.
    InvalidParameter
        When it is no storage of Optuna.
    """
    opened = _opened(storage)
    import optuna

    names = optuna.get_all_study_names(storage=opened)
    if not names:
        raise NotFound("there is no study in this storage", got=storage)
    if study is not None and study not in names:
        raise NotFound("there is no such study", got=study, expected=", ".join(names[:20]))
    if experiment is not None and study is None and len(names) != 1:
        raise InvalidParameter("an experiment for several studies", expected="--study NAME")
    report = Imported()
    for name in names if study is None else [study]:
        loaded = optuna.load_study(study_name=name, storage=opened)
        _take(tracking, loaded, experiment or name, report)
    return report


def _opened(storage: str) -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtra(
            "reading Optuna's storages needs Optuna", hint="pip install 'clew[hpo]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = Path(storage.removeprefix("sqlite:///"))
    is_file = storage.startswith("sqlite:///") or "://" not in storage
    if is_file and not path.is_file():  # Optuna would make an empty one.
        raise NotFound("there is no such storage", got=storage)
    try:
        if "://" in storage:
            return optuna.storages.RDBStorage(storage, skip_compatibility_check=False)
        with path.open("rb") as file:
            if file.read(16).startswith(b"SQLite format 3"):
                return optuna.storages.RDBStorage(f"sqlite:///{path}")
        backend = optuna.storages.journal.JournalFileBackend(str(path))
        return optuna.storages.JournalStorage(backend)
    except Exception as error:  # SQLAlchemy's, json's, Optuna's own
        raise InvalidParameter(
            "this is no storage of Optuna's",
            got=f"{storage}: {type(error).__name__}: {error}"[:300],
            expected="a database's URL, a SQLite file, or a journal file",
        ) from error


def _take(tracking: Tracking, study: Any, name: str, report: Imported) -> None:
    known = tracking.experiments.by_name(name)
    if known is None:
        tags = {
            "optuna.study": study.study_name,
            "optuna.directions": ",".join(one.name.lower() for one in study.directions),
            **_attributes("optuna.user.", study.user_attrs),
        }
        experiment = tracking.experiments.create(name, tags=tags).id
        report.added("experiments")
    else:
        experiment = known.id
        report.kept("experiments")
    for trial in study.get_trials(deepcopy=False):
        _run(tracking, experiment, study, trial, report)


def _run(tracking: Tracking, experiment: str, study: Any, trial: Any, report: Imported) -> None:
    id = "op-" + blake3(f"{study.study_name}\0{trial._trial_id}".encode()).hexdigest(length=16)
    status = _STATUS[trial.state.name]
    began_ms, ended_ms = _ms(trial.datetime_start), _ms(trial.datetime_complete)
    try:
        kept = tracking.runs.get(id)
    except NotFound:
        kept = None
    if kept is not None and kept.status not in ("running", "scheduled"):
        report.kept("runs")
        return
    with tracking.transaction():
        if kept is None:
            name = f"trial-{trial.number}"
            tracking.runs.create(experiment, name=name, started_ms=began_ms or 1, id=id)
            report.added("runs")
        else:
            report.kept("runs")
        seen = 0 if kept is None else _seen(kept)
        metrics = list(_metrics(study, trial, seen, ended_ms or began_ms or 1))
        params = {} if kept is not None else {k: _text(v) for k, v in trial.params.items()}
        tags = {
            "optuna.number": str(trial.number),
            "optuna.state": trial.state.name.lower(),
            **_attributes("optuna.user.", trial.user_attrs),
        }
        if kept is not None:
            params = {k: _text(v) for k, v in trial.params.items() if k not in kept.params}
        tracking.logging.log(id, metrics=metrics, params=params, tags=tags)
        report.points += len(metrics)
        tracking.runs.update(id, status=status, ended_ms=ended_ms)
    found = tracking.runs.get(id)
    same = all(found.params.get(k) == _text(v) for k, v in trial.params.items())
    report.verified += same and len(found.params) == len(trial.params)


def _seen(run: Any) -> int:
    last = run.metrics.get("intermediate")
    return 0 if last is None else last.step + 1


def _metrics(study: Any, trial: Any, seen: int, time_ms: int) -> Iterator[Metric]:
    for step, value in sorted(trial.intermediate_values.items()):
        if step >= seen:
            yield Metric("intermediate", float(value), time_ms, step)
    if trial.state.name != "COMPLETE":
        return  # Of a pruned trial Optuna calls the last report its value.
    names = study.metric_names or (
        ["value"] if len(trial.values) == 1 else [f"value_{at}" for at in range(len(trial.values))]
    )
    for name, value in zip(names, trial.values, strict=True):
        yield Metric(str(name), float(value), time_ms, 0)


def _attributes(prefix: str, found: dict[str, Any]) -> dict[str, str]:
    return {f"{prefix}{key}"[:250]: _text(value) for key, value in found.items()}


def _text(value: Any) -> str:
    """Return a value as text: as Python writes numbers, anything else as JSON where it can be."""
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        return json.dumps(value)[:_LONGEST]
    except (TypeError, ValueError):
        return str(value)[:_LONGEST]


def _ms(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
