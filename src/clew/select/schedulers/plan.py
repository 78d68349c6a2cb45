"""What a scheduler decides, and what it knows when it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from clew.select.samplers.view import Costs, Sampler, Seen, View
from clew.select.searchspace import SearchSpace


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation: a configuration, what may be spent on it, and what it continues.

    Parameters
    ----------
    number : int
        Position in the study.
    configuration : mapping
        What is evaluated.
    budget : float
        What may be spent on the configuration altogether, in the scheduler's unit.
    origin : int or None
        Number of the job that evaluated the same configuration with a smaller budget.
    rung, bracket : int
        Where the job stands in its scheduler.
    """

    number: int
    configuration: Mapping[str, Any]
    budget: float = 1.0
    origin: int | None = None
    rung: int = 0
    bracket: int = 0


@dataclass(frozen=True)
class Past:
    """What is known when a job is planned.

    Parameters
    ----------
    space : SearchSpace
        Where configurations come from.
    seed : int
        The study's.
    jobs : sequence of Job
        All planned jobs.
    seen : mapping of int to Seen
        Results of jobs, by their numbers; those that still run are missing.
    costs : Costs or None
        What configurations would cost now.
    """

    space: SearchSpace
    seed: int
    jobs: Sequence[Job] = field(default_factory=list)
    seen: Mapping[int, Seen] = field(default_factory=dict)
    costs: Costs | None = None

    def view(self) -> View:
        """Return what a sampler is told: of each configuration the result that cost most."""
        last: dict[int, int] = {}
        proposals = 0
        for job in self.jobs:
            if job.origin is None:
                root, proposals = job.number, proposals + 1
            else:
                root = self.root(job)
            if job.number in self.seen or root not in last:
                last[root] = job.number
        known = [self.seen[number] for number in last.values() if number in self.seen]
        pending = [self.jobs[n].configuration for n in last.values() if n not in self.seen]
        return View(self.space, proposals, self.seed, known, pending, self.costs)

    def root(self, job: Job) -> int:
        """Return the number of the first job with the configuration of `job`."""
        while job.origin is not None:
            job = self.jobs[job.origin]
        return job.number

    def propose(self, sampler: Sampler) -> dict[str, Any] | str | None:
        """Return what `sampler` proposes next."""
        return sampler.propose(self.view())


class Scheduler(Protocol):
    """Plans one job after the other."""

    def plan(self, past: Past) -> Job | str | None:
        """Return the next job, `WAIT` (not before all that runs was seen), or None at the end."""


@dataclass(frozen=True, slots=True)
class WholeScheduler:
    """Every configuration gets all that there is.

    Parameters
    ----------
    sampler : Sampler
        Proposes configurations.
    budget : float
        What is spent on each.
    """

    sampler: Sampler
    budget: float = 1.0

    def plan(self, past: Past) -> Job | str | None:
        """Return a job for the sampler's next proposal."""
        found = past.propose(self.sampler)
        if not isinstance(found, dict):
            return found
        return Job(len(past.jobs), found, self.budget)
