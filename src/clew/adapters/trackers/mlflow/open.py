"""Which kind of MLflow store a path is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from clew.adapters.trackers.mlflow.database import MlflowDatabase
from clew.adapters.trackers.mlflow.folder import MlflowFolder
from clew.entities import Experiment, LoggedModel, Metric, ModelVersion, RegisteredModel, Run
from clew.errors import NotFound


class MlflowStore(Protocol):
    """What an MLflow store holds, deleted things included.

    `Run.metrics` is empty: `metrics` gives the whole history. Ids, names and times are MLflow's.
    """

    def experiments(self) -> Sequence[Experiment]:
        """Return the experiments by id."""

    def runs(self) -> Iterator[Run]:
        """Yield the runs, oldest first."""

    def metrics(self, run: Run) -> Sequence[Metric]:
        """Return every point that a run logged."""

    def models(self) -> Iterator[LoggedModel]:
        """Yield the logged models, oldest first."""

    def registered(self) -> Sequence[RegisteredModel]:
        """Return the registered models by name."""

    def versions(self) -> Sequence[ModelVersion]:
        """Return the versions of all registered models by name and number."""


def open_mlflow(path: Path) -> MlflowStore:
    """Open MLflow's SQLite file or its ``mlruns`` folder.

    Raises
    ------
    NotFound
        When it is neither.
    """
    if path.is_file():
        return MlflowDatabase(path)
    if path.is_dir() and (path / "mlruns").is_dir():
        path = path / "mlruns"
    if path.is_dir() and any(path.glob("*/meta.yaml")):
        return MlflowFolder(path)
    raise NotFound(
        f"no MLflow store at {path}",
        expected="MLflow's SQLite file (mlflow.db), or its folder mlruns",
    )
