"""The ledger of a study: which jobs somebody has taken, and what came of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from clew.select.schedulers.plan import Job
from clew.select.trials.trial import Finished


class Ledger(Protocol):
    """Keeps one row a trial. Several processes may share one.

    A job that was taken by somebody who died can be taken again; a finished one never.
    """

    shared: bool
    """Whether other processes may write to it."""

    def take(self, job: Job) -> tuple[Job, bool]:
        """Take a job. Return it as the first who took it wrote it, and whether it is ours now."""

    def finish(self, finished: Finished) -> None:
        """Write what came of a job that was taken; durable when this returns."""

    def release(self, number: int) -> None:
        """Give a taken job back, unfinished."""

    def read(self, above: int) -> Sequence[tuple[Job, Finished | None]]:
        """Return taken jobs with numbers from `above` on, in order, and what came of them."""


class MemoryLedger:
    """A ledger of this process alone."""

    shared = False

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._finished: dict[int, Finished] = {}
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()

    def take(self, job: Job) -> tuple[Job, bool]:
        """Take a job."""
        with self._lock:
            known = self._jobs.setdefault(job.number, job)
            if job.number in self._taken or job.number in self._finished:
                return known, False
            self._taken.add(job.number)
            return known, True

    def finish(self, finished: Finished) -> None:
        """Keep what came of a job."""
        with self._lock:
            self._finished[finished.number] = finished
            self._taken.discard(finished.number)

    def release(self, number: int) -> None:
        """Give a job back."""
        with self._lock:
            self._taken.discard(number)

    def read(self, above: int) -> Sequence[tuple[Job, Finished | None]]:
        """Return jobs and what came of them."""
        with self._lock:
            numbers = sorted(number for number in self._jobs if number >= above)
            return [(self._jobs[number], self._finished.get(number)) for number in numbers]
