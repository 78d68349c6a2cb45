"""Experiments, their runs, and what runs log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from clew.entities import DatasetInput, Experiment, Metric, ModelLink, Run, RunStatus


class Experiments(Protocol):
    """Named groups of runs. The experiment ``0``, called ``Default``, is always there."""

    def create(
        self,
        name: str,
        *,
        artifact_location: str | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        created_ms: int | None = None,
    ) -> Experiment:
        """Add an experiment.

        Parameters
        ----------
        id : str, optional
            A decimal number to keep (of an imported experiment); the next free one by default.
        created_ms : int, optional
            When it was made (elsewhere, before it was imported); now by default.

        Raises
        ------
        AlreadyExists
            When the name or id is taken, by a deleted experiment too.
        """

    def get(self, id: str) -> Experiment:
        """Return an experiment, deleted or not; `NotFound` when there is none."""

    def by_name(self, name: str) -> Experiment | None:
        """Return the experiment of that exact name, deleted or not."""

    def rename(self, id: str, name: str) -> None:
        """Give an active experiment another name; `InvalidState` when it is deleted."""

    def delete(self, id: str) -> None:
        """Delete an active experiment and its active runs, softly; `NotFound` when not active."""

    def restore(self, id: str) -> None:
        """Bring a deleted experiment back, with its deleted runs; `NotFound` when not deleted."""

    def set_tag(self, id: str, key: str, value: str) -> None:
        """Set a tag of an active experiment."""

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag; `NotFound` when it has none of that key."""


class Runs(Protocol):
    """Runs from their start to their end. Deleted runs can be read, never written."""

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        user: str = "",
        started_ms: int | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        status: RunStatus = "running",
        context: str = "{}",
    ) -> Run:
        """Start a run in an active experiment.

        Parameters
        ----------
        name : str, optional
            Must equal the tag ``mlflow.runName`` where both are given. By default made up
            (``sunny-owl-42``).
        started_ms : int, optional
            Now by default.
        id : str, optional
            An id to keep (of an imported run); a new ULID by default.
        context : str
            JSON object: command, git state, host, process id (`clew.lineage.records.Run`).

        Raises
        ------
        AlreadyExists
            When a run has that id.
        InvalidState
            When the experiment is deleted.
        """

    def get(self, id: str) -> Run:
        """Return a run with all that it logged (latest metrics), deleted or not."""

    def update(
        self,
        id: str,
        *,
        status: RunStatus | None = None,
        ended_ms: int | None = None,
        name: str | None = None,
        error: str | None = None,
    ) -> Run:
        """Change what is given; a run that ended may go on (``running``: its end is dropped)."""

    def delete(self, id: str) -> None:
        """Delete a run softly; nothing happens when it is deleted."""

    def restore(self, id: str) -> None:
        """Bring a deleted run back."""


class Logging(Protocol):
    """What runs log. Every call is one transaction: all of it is kept, or nothing."""

    def log(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        tags: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    ) -> None:
        """Add to an active run.

        A param is fixed: the same value again changes nothing, another one is `InvalidParameter`
        (one that contradicts itself within the call, too). A tag is replaced. A metric is added to
        its history; the very same point twice is one point. The latest of a key is that of the
        highest step, of those the latest time, of those the highest value; NaN counts as lower
        than every number. The tag ``mlflow.runName`` renames the run.
        """

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag; `NotFound` when there is none of that key."""

    def log_inputs(
        self,
        run_id: str,
        *,
        datasets: Sequence[DatasetInput] = (),
        models: Sequence[ModelLink] = (),
    ) -> None:
        """Say what a run read; what is known already stays, new tags of a dataset are added."""

    def log_outputs(self, run_id: str, models: Sequence[ModelLink]) -> None:
        """Say which logged models a run made."""
