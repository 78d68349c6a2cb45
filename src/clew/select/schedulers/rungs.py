"""Successive halving and Hyperband: brackets of rungs, each rung keeping the best of the last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clew.errors import InvalidParameter
from clew.select.samplers.view import WAIT, Sampler
from clew.select.schedulers.plan import Job, Past


@dataclass(frozen=True, slots=True)
class Bracket:
    """How many configurations each rung has, and what each of them has spent after it."""

    sizes: tuple[int, ...]
    budgets: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class HalvingScheduler:
    """Successive halving (Jamieson & Talwalkar, AISTATS 2016), bracket after bracket.

    Parameters
    ----------
    sampler : Sampler
        Proposes the configurations of the first rung.
    least, most : float
        Budget of the first and the last rung.
    factor : float
        Each rung keeps the best ``1 / factor`` and spends `factor` times as much on them.
    count : int, optional
        Configurations of the first rung; by default as many as leave one at the end.
    """

    sampler: Sampler
    least: float
    most: float
    factor: float = 3.0
    count: int | None = None

    def __post_init__(self) -> None:
        checked(self.least, self.most, self.factor)

    def brackets(self) -> list[Bracket]:
        """Return the one bracket."""
        budgets = ladder(self.least, self.most, self.factor)
        first = self.count or round(self.factor ** (len(budgets) - 1))
        sizes = [max(1, int(first / self.factor**i)) for i in range(len(budgets))]
        return [Bracket(tuple(sizes), tuple(budgets))]

    def plan(self, past: Past) -> Job | str | None:
        """Return the next job of the running bracket."""
        return climb(past, self.brackets(), self.sampler)


@dataclass(frozen=True, slots=True)
class HyperbandScheduler:
    """Hyperband (Li et al., JMLR 2018, algorithm 1); with a sampler that learns, BOHB.

    Parameters
    ----------
    sampler : Sampler
        Proposes the configurations of first rungs: random ones make it Hyperband, TPE makes it
        BOHB (Falkner et al., ICML 2018).
    least, most : float
        Smallest and largest budget of a configuration.
    factor : float
        As in `HalvingScheduler`.
    """

    sampler: Sampler
    least: float
    most: float
    factor: float = 3.0

    def __post_init__(self) -> None:
        checked(self.least, self.most, self.factor)

    def brackets(self) -> list[Bracket]:
        """Return the brackets of one round, the most daring first."""
        whole = ladder(self.least, self.most, self.factor)
        deepest = len(whole) - 1
        found = []
        for depth in range(deepest, -1, -1):
            first = math.ceil((deepest + 1) / (depth + 1) * self.factor**depth)
            sizes = [max(1, int(first / self.factor**i)) for i in range(depth + 1)]
            found.append(Bracket(tuple(sizes), tuple(whole[deepest - depth :])))
        return found

    def plan(self, past: Past) -> Job | str | None:
        """Return the next job of the running bracket."""
        return climb(past, self.brackets(), self.sampler)


@dataclass(frozen=True, slots=True)
class AsynchronousScheduler:
    """Asynchronous successive halving (ASHA, Li et al., MLSys 2020, algorithm 2).

    A configuration goes on as soon as it is among the best ``1 / factor`` of its rung; otherwise a
    new one begins. Nobody waits.

    Parameters
    ----------
    sampler, least, most, factor
        As in `HalvingScheduler`.
    """

    sampler: Sampler
    least: float
    most: float
    factor: float = 3.0

    def __post_init__(self) -> None:
        checked(self.least, self.most, self.factor)

    def plan(self, past: Past) -> Job | str | None:
        """Return the promotion that is due on the highest rung, or a new configuration."""
        budgets = ladder(self.least, self.most, self.factor)
        promoted = {job.origin for job in past.jobs}
        for rung in range(len(budgets) - 2, -1, -1):
            there = [j for j in past.jobs if j.rung == rung and j.number in past.seen]
            best = ranked(past, there)[: int(len(there) / self.factor)]
            for job in best:
                if job.number not in promoted and math.isfinite(past.seen[job.number].values[0]):
                    return Job(
                        len(past.jobs), job.configuration, budgets[rung + 1], job.number, rung + 1
                    )
        found = past.propose(self.sampler)
        return Job(len(past.jobs), found, budgets[0]) if isinstance(found, dict) else found


def climb(past: Past, brackets: Sequence[Bracket], sampler: Sampler) -> Job | str | None:
    """Return the next job of synchronous brackets that follow one another for ever."""
    number = len(past.jobs)
    bracket = past.jobs[-1].bracket if past.jobs else 0
    mine = list(_from_end(past.jobs, bracket))
    shape = brackets[bracket % len(brackets)]
    rung = mine[-1].rung if mine else 0
    there = [job for job in mine if job.rung == rung]
    if len(there) >= _places(mine, rung, shape):
        if rung + 1 < len(shape.sizes):
            if any(job.number not in past.seen for job in there):
                return WAIT
            rung, there = rung + 1, []
        else:
            bracket, rung, there = bracket + 1, 0, []
            shape = brackets[bracket % len(brackets)]
    if rung == 0:
        found = past.propose(sampler)
        if not isinstance(found, dict):
            return found
        return Job(number, found, shape.budgets[0], None, 0, bracket)
    before = [job for job in mine if job.rung == rung - 1]
    chosen = ranked(past, before)[len(there)]
    return Job(number, chosen.configuration, shape.budgets[rung], chosen.number, rung, bracket)


def _places(mine: Sequence[Job], rung: int, shape: Bracket) -> int:
    # A rung never has more places than the one before has members.
    below = sum(job.rung == rung - 1 for job in mine) if rung else shape.sizes[0]
    return min(shape.sizes[rung], below)


def _from_end(jobs: Sequence[Job], bracket: int) -> list[Job]:
    found = []
    for job in reversed(jobs):
        if job.bracket != bracket:
            break
        found.append(job)
    return found[::-1]


def ranked(past: Past, jobs: Sequence[Job]) -> list[Job]:
    """Return seen jobs, the best first; with several objectives by rank and crowding."""
    import numpy as np

    from clew.select.pareto import crowding, ranks

    if not jobs:
        return []
    seen = [past.seen[job.number] for job in jobs]
    if len(seen[0].values) == 1:
        return sorted(jobs, key=lambda job: (past.seen[job.number].loss, job.number))
    values = np.array([each.values for each in seen])
    rank = ranks(values, np.array([each.violation for each in seen]))
    order = np.lexsort((np.arange(len(jobs)), -crowding(values, rank), rank))
    return [jobs[i] for i in order.tolist()]


def ladder(least: float, most: float, factor: float) -> list[float]:
    """Return the budgets of the rungs: they end at `most` and do not fall below `least`."""
    depth = int(math.log(most / least) / math.log(factor) + 1e-9)
    whole = float(least).is_integer() and float(most).is_integer()
    budgets = [most / factor**i for i in range(depth, -1, -1)]
    return [float(max(least, round(b))) if whole else b for b in budgets]


def checked(least: float, most: float, factor: float) -> None:
    """Refuse budgets that make no ladder."""
    if not 0 < least <= most or not factor > 1:
        raise InvalidParameter(
            "Budgets do not make a ladder.",
            got=f"{least!r} to {most!r} by {factor!r}",
            expected="0 < least <= most and factor > 1",
        )
