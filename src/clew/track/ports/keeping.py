"""Traces, the audit trail, and the end of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clew.entities import Event, Page, Trace


class Traces(Protocol):
    """Traces of clients' instrumented code, kept as they came."""

    def put(self, trace: Trace) -> None:
        """Add a trace, or replace the one with its id."""

    def get(self, id: str) -> Trace:
        """Return a trace; `NotFound` when there is none."""

    def search(
        self, experiment_ids: Sequence[str], *, limit: int = 100, page_token: str | None = None
    ) -> Page[Trace]:
        """Return the traces of experiments, newest first."""

    def set_tag(self, id: str, key: str, value: str) -> None:
        """Set a tag of a trace."""

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag; `NotFound` when there is none of that key."""

    def delete(
        self,
        experiment_id: str,
        *,
        ids: Sequence[str] = (),
        until_ms: int | None = None,
        limit: int | None = None,
    ) -> int:
        """Remove traces by id, or the oldest up to a time; return how many."""


class Trash(Protocol):
    """What was deleted softly, and its end. Lineage nodes and the audit trail stay."""

    def runs(self, *, until_ms: int | None = None) -> tuple[str, ...]:
        """Return the ids of deleted runs, of those deleted no later than `until_ms` if given."""

    def purge_runs(self, ids: Sequence[str]) -> int:
        """Remove deleted runs with all that they logged, for good; return how many.

        Raises
        ------
        InvalidState
            When one of them is not deleted; then none is removed.
        """

    def purge_experiments(self, ids: Sequence[str]) -> int:
        """Remove deleted experiments with their runs and models, for good."""

    def purge_models(self, ids: Sequence[str]) -> int:
        """Remove deleted logged models with their files, for good."""


class Audit(Protocol):
    """Who changed what. Events are only ever added."""

    def add(self, event: Event) -> None:
        """Add an event."""

    def events(
        self, *, subject: str | None = None, limit: int = 100, page_token: str | None = None
    ) -> Page[Event]:
        """Return events, newest first; with `subject` those that concern it, or begin with it."""
