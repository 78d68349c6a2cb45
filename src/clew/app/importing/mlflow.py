"""`clew import mlflow`: an MLflow store, taken in whole.

Ids of runs and models are kept, and those of experiments where they are free. Importing again adds
what is new: a run that is here keeps its tags and everything else that was said of it here. What
MLflow has deleted comes in deleted. At the end everything is counted against the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from clew.adapters.trackers.mlflow import MlflowStore, open_mlflow
from clew.app.importing.files import copy_files
from clew.app.importing.places import Places
from clew.app.importing.registry import import_registry
from clew.app.importing.report import Imported
from clew.app.tracking import Tracking
from clew.entities import Experiment, LoggedModel, Metric, Owner, Run
from clew.errors import AlreadyExists, NotFound, StoreError

Item = TypeVar("Item")
_METRICS, _PAIRS, _GROUP = 1000, 100, 200


def import_mlflow(
    tracking: Tracking, path: str | Path, *, artifacts: Sequence[str | Path] = ()
) -> Imported:
    """Take in an MLflow store.

    Parameters
    ----------
    path : str or Path
        MLflow's SQLite file, its ``mlruns`` folder, or the folder in which that lies.
    artifacts : sequence of str or Path
        Folders in which artifacts may be read; by default ``mlartifacts`` and ``mlruns`` beside the
        SQLite file, or the folder itself.

    Raises
    ------
    NotFound
        When there is no MLflow store.
    UnsafeLoad
        When artifacts hold symbolic links or devices.
    StoreError
        When the store is damaged, or when counting found less than it holds.
    """
    source = open_mlflow(Path(path))
    work = _Import(tracking, source, Places(Path(path), [Path(folder) for folder in artifacts]))
    work.experiments()
    for group in _groups(source.models(), _GROUP):
        with tracking.transaction():
            for model in group:
                work.model(model)
    for runs in _groups(source.runs(), _GROUP):
        with tracking.transaction():
            for run in runs:
                work.run(run)
    work.files()
    import_registry(tracking, source, work.report)
    work.forget_deleted()
    return work.report


@dataclass
class _Import:
    tracking: Tracking
    source: MlflowStore
    places: Places
    report: Imported = field(default_factory=Imported)
    ids: dict[str, str] = field(default_factory=dict)
    """The source's experiment ids to those here."""
    closed: set[str] = field(default_factory=set)
    """Experiments that are deleted here: nothing can be added to them."""
    owners: list[tuple[Owner, str, str | None]] = field(default_factory=list)
    """Whose files are to be copied: with the source's experiment and address."""
    unready: list[LoggedModel] = field(default_factory=list)
    deleted_runs: list[str] = field(default_factory=list)
    deleted_models: list[str] = field(default_factory=list)
    deleted_experiments: list[str] = field(default_factory=list)

    def experiments(self) -> None:
        for experiment in self.source.experiments():
            known = self.tracking.experiments.by_name(experiment.name)
            if known is None:
                known = self._new(experiment)
                self.report.added("experiments")
                if experiment.lifecycle == "deleted":
                    self.deleted_experiments.append(known.id)
            else:
                self.report.kept("experiments")
            self.ids[experiment.id] = known.id
            if known.lifecycle == "deleted":
                self.closed.add(known.id)
            else:
                for key, value in experiment.tags.items():
                    if key not in known.tags:
                        self.tracking.experiments.set_tag(known.id, key, value)

    def _new(self, experiment: Experiment) -> Experiment:
        try:
            return self.tracking.experiments.create(
                experiment.name, id=experiment.id, created_ms=experiment.created_ms or None
            )
        except AlreadyExists:
            return self.tracking.experiments.create(
                experiment.name, created_ms=experiment.created_ms or None
            )

    def model(self, model: LoggedModel) -> None:
        try:
            here = self.tracking.models.get(model.id, allow_deleted=True)
        except NotFound:
            experiment = self._experiment(model.experiment_id, model.id)
            if experiment in self.closed:
                self.report.left_out.append(
                    f"model {model.id}: experiment {experiment} is deleted here"
                )
                return
            self.tracking.models.create(
                experiment,
                name=model.name,
                model_type=model.model_type,
                source_run_id=model.source_run_id,
                params=model.params,
                tags=model.tags,
                id=model.id,
                created_ms=model.created_ms or None,
            )
            self.report.added("models")
            if model.lifecycle == "deleted":
                self.deleted_models.append(model.id)
        else:
            self.report.kept("models")
            if here.status != "pending" or here.lifecycle == "deleted":
                return
        # Also one that an import left behind, which was interrupted before its files were there.
        self.unready.append(model)
        self.owners.append((Owner("model", model.id), model.experiment_id, model.artifact_location))

    def run(self, run: Run) -> None:
        points = self.source.metrics(run)
        try:
            here = self.tracking.runs.get(run.id)
        except NotFound:
            experiment = self._experiment(run.experiment_id, run.id)
            if experiment in self.closed:
                self.report.left_out.append(
                    f"run {run.id}: experiment {experiment} is deleted here"
                )
                return
            here = self.tracking.runs.create(
                experiment,
                name=run.name,
                user=run.user,
                started_ms=run.started_ms,
                id=run.id,
            )
            self.report.added("runs")
        else:
            self.report.kept("runs")
            if here.lifecycle == "deleted":
                return
        if run.lifecycle == "deleted":
            self.deleted_runs.append(run.id)
        self._log(run, here, points)
        if here.status in ("running", "scheduled"):
            self.tracking.runs.update(run.id, status=run.status, ended_ms=run.ended_ms)
        self.owners.append((Owner("run", run.id), run.experiment_id, run.artifact_uri))
        self.report.verified += 1
        self._verify(run, points)

    def _log(self, run: Run, here: Run, points: Sequence[Metric]) -> None:
        params = [pair for pair in run.params.items() if pair[0] not in here.params]
        tags = [pair for pair in run.tags.items() if pair[0] not in here.tags]
        for some in _groups(params, _PAIRS):
            self.tracking.logging.log(run.id, params=some)
        for some in _groups(tags, _PAIRS):
            self.tracking.logging.log(run.id, tags=some)
        for metrics in _groups(points, _METRICS):
            self.tracking.logging.log(run.id, metrics=metrics)
        if run.datasets or run.model_inputs:
            self.tracking.logging.log_inputs(run.id, datasets=run.datasets, models=run.model_inputs)
        if run.model_outputs:
            self.tracking.logging.log_outputs(run.id, run.model_outputs)
        self.report.points += len(points)

    def _verify(self, run: Run, points: Sequence[Metric]) -> None:
        """Compare what is here now with the source; more may be here."""
        here = self.tracking.runs.get(run.id)
        keys = {point.key for point in points}
        whole = (
            run.params.items() <= here.params.items()
            and run.tags.keys() <= here.tags.keys()
            and keys <= here.metrics.keys()
            and len(run.datasets) <= len(here.datasets)
            and {link.model_id for link in run.model_outputs}
            <= {link.model_id for link in here.model_outputs}
        )
        for key in keys if whole else ():
            distinct = {(p.time_ms, p.step, repr(p.value)) for p in points if p.key == key}
            found = self.tracking.histories.history(run.id, key).items
            whole = whole and len(distinct) <= len(found)
        if not whole:
            raise StoreError(
                f"run {run.id} did not come in whole",
                expected=f"{len(run.params)} params, {len(run.tags)} tags, {len(points)} points",
                got=f"{len(here.params)} params, {len(here.tags)} tags",
                hint="run the import again, and report this",
            )

    def files(self) -> None:
        """Copy the artifacts, then say which models are complete."""
        kinds = {"run": (), "model": ("models",)}
        for owner, experiment, address in self.owners:
            tail = (experiment, *kinds[owner.kind], owner.id, "artifacts")
            folder = self.places.find(address, *tail)
            if folder is not None:
                copied, there = copy_files(self.tracking.artifacts, owner, folder)
                self.report.added("artifacts", copied)
                self.report.kept("artifacts", there)
            elif address and self.places.is_elsewhere(address):
                self.report.elsewhere.append(f"{owner.kind} {owner.id}: {address}")
        for model in self.unready:
            if model.status != "pending":
                self.tracking.models.finalize(model.id, model.status, model.status_message)

    def forget_deleted(self) -> None:
        """Delete what MLflow has deleted."""
        for id in self.deleted_models:
            self.tracking.models.delete(id)
        for id in self.deleted_runs:
            self.tracking.runs.delete(id)
        for id in self.deleted_experiments:
            self.tracking.experiments.delete(id)

    def _experiment(self, id: str, of: str) -> str:
        if id not in self.ids:
            raise StoreError(f"{of} belongs to experiment {id}, which the MLflow store lacks")
        return self.ids[id]


def _groups(items: Iterable[Item], size: int) -> Iterable[list[Item]]:
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
