"""The loop of a study: plans jobs, has them evaluated, and shows results in the order of jobs.

Job k is planned when jobs 0 … k - lag are finished, and sees exactly those. So its configuration
depends on the seed and on results alone, never on who finished first: one worker and several give
the same trials, and a study that stopped goes on as if it had not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import Any

from clew.errors import InvalidState, Unhashable
from clew.lineage.fingerprint import fingerprint
from clew.select.domains import Domain, same
from clew.select.samplers.view import WAIT, Seen
from clew.select.schedulers.plan import Job, Past, Scheduler
from clew.select.searchspace import SearchSpace
from clew.select.trials.evaluate import Objective, Task, evaluate
from clew.select.trials.ledger import Ledger
from clew.select.trials.trial import Finished

_POLL_S = 0.02

Tell = Callable[[Finished], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What does not change while a study runs.

    Parameters
    ----------
    scheduler : Scheduler
        Plans jobs.
    signs : tuple of float
        1 for each value that is to be small, -1 for each that is to be large.
    seed : int
        Source of all chance.
    lag : int
        A job sees the results of all but the last `lag - 1` jobs before it.
    pruner : Pruner or None
        Judges intermediate values.
    catch : tuple of exception types
        What counts as a failed trial.
    repeat : bool
        Whether a configuration that was evaluated is evaluated again.
    """

    scheduler: Scheduler
    signs: tuple[float, ...] = (1.0,)
    seed: int = 0
    lag: int = 2
    pruner: Any = None
    catch: tuple[type[BaseException], ...] = ()
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run ends: at so many trials, or at a point of the monotonic clock."""

    n_trials: int | None = None
    deadline: float | None = None

    def reached(self, planned: int) -> bool:
        """Tell whether no further job may begin."""
        if self.n_trials is not None and planned >= self.n_trials:
            return True
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def left_s(self) -> float | None:
        """Seconds until the deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


class Engine:
    """Runs one study; `run` may be called again to go on.

    Attributes
    ----------
    jobs : list of Job
        All jobs that were planned, by their numbers.
    finished : dict of int to Finished
        Their results, by their numbers.
    queue : list of dict
        Configurations to be evaluated before the scheduler is asked again.
    stopped : bool
        Set by anybody who wants the run to end.
    costs : Costs or None
        What configurations would cost, for samplers that ask.
    """

    def __init__(self, space: SearchSpace | None, terms: Terms, ledger: Ledger) -> None:
        self.space, self.terms, self.ledger = space, terms, ledger
        self.jobs: list[Job] = []
        self.finished: dict[int, Finished] = {}
        self.queue: list[dict[str, Any]] = []
        self.stopped = self.exhausted = False
        self.costs: Any = None
        self._running: dict[Future[Any], Job] = {}
        self._twins: dict[int, int] = {}  # duplicates, and whose result they wait for
        self._first: dict[str, int] = {}  # content of a configuration: who has it first
        self._states: dict[int, tuple[float, Any]] = {}
        self._known: SearchSpace | None = None  # what objectives named so far
        self._seen: dict[int, Seen] = {}  # of finished jobs before the first unfinished one

    def run(
        self, objective: Objective, executor: Executor, workers: int, limits: Limits, tell: Tell
    ) -> None:
        """Evaluate jobs until a limit is reached, somebody stops it, or the space is exhausted."""
        self.stopped = self.exhausted = False
        try:
            while True:
                self._sync(tell)
                self._retake(objective, executor, workers)
                self._begin(objective, executor, workers, limits, tell)
                if self._running:
                    self._collect(limits, tell)
                elif self._over(limits):
                    return
                else:
                    time.sleep(_POLL_S)  # others evaluate what the next job depends on
        finally:
            for future, job in self._running.items():
                future.cancel()
                self.ledger.release(job.number)
            self._running.clear()

    def plan(self) -> Job | None:
        """Return the next job, or None when it needs results that are missing, or there is none."""
        number = len(self.jobs)
        horizon = max(0, number - self.terms.lag + 1)
        if len(self._seen) < horizon:
            return None
        if self.queue:
            return Job(number, self.queue.pop(0), self._most())
        planned = self._planned(horizon)
        if planned == WAIT:
            if len(self._seen) < number:
                return None
            planned = self._planned(number)
        self.exhausted = not isinstance(planned, Job)
        return planned if isinstance(planned, Job) else None

    def ask(self, tell: Tell) -> Job | None:
        """Return the next job that nobody else evaluates, taken; None as `plan` gives it."""
        while True:
            self._sync(tell)
            job = self.plan()
            if job is None:
                return None
            job, mine = self.ledger.take(job)
            self.jobs.append(job)
            if mine:
                return job

    def complete(self, trial: Finished, tell: Tell, *, write: bool = True) -> None:
        """Take a result in, and those of its duplicates."""
        if write:
            self.ledger.finish(trial)
        self.finished[trial.number] = trial
        while (number := len(self._seen)) in self.finished:
            self._seen[number] = seen_of(self.finished[number], self.terms.signs)
        tell(trial)
        for number in [n for n, twin in self._twins.items() if twin == trial.number]:
            del self._twins[number]
            self.complete(copied(self.jobs[number], trial), tell)

    def task(self, job: Job) -> Task:
        """Return what an evaluation of `job` needs."""
        spent, state = self._states.get(-1 if job.origin is None else job.origin, (0.0, None))
        terms, sign = self.terms, self.terms.signs[0]
        others: Sequence[Mapping[int, float]] = ()
        if terms.pruner is not None:
            known = (self.finished[n] for n in range(max(0, job.number - terms.lag + 1)))
            others = [{s: sign * v for s, v in t.reports.items()} for t in known if t.reports]
        return Task(
            job=job,
            spent=spent,
            state=state,
            others=others,
            pruner=terms.pruner,
            sign=sign,
            seed=terms.seed,
            free=self.space is None,
            directions=len(terms.signs),
            catch=terms.catch,
        )

    def keep_state(self, job: Job, state: Any) -> None:
        """Keep what an objective left behind, for the job that continues this one."""
        if state is not None:
            self._states[job.number] = (job.budget, state)
        if job.origin is not None:
            self._states.pop(job.origin, None)

    def _planned(self, horizon: int) -> Job | str | None:
        # A job may see no more than `horizon`, although more may be known.
        seen = self._seen if horizon == len(self._seen) else _first(self._seen, horizon)
        space = self.space
        if space is None:
            domains: dict[str, Domain] = {}
            for number in range(horizon):
                domains.update(self.finished[number].domains)
            space = self._discovered(domains)
        past = Past(space, self.terms.seed, self.jobs, seen, self.costs)
        return self.terms.scheduler.plan(past)

    def _discovered(self, domains: dict[str, Domain]) -> SearchSpace:
        # The same object while nothing is added: samplers keep what they know by their space.
        if self._known is None or self._known.domains != domains:
            self._known = SearchSpace(domains)
        return self._known

    def _most(self) -> float:
        scheduler: Any = self.terms.scheduler
        return float(getattr(scheduler, "most", getattr(scheduler, "budget", 1.0)))

    def _over(self, limits: Limits) -> bool:
        if self.stopped:
            return True
        if not (self.exhausted or limits.reached(len(self.jobs))):
            return False
        late = limits.deadline is not None and time.monotonic() >= limits.deadline
        return late or len(self.finished) == len(self.jobs)

    def _sync(self, tell: Tell) -> None:
        """Take over what other processes planned and finished, or this one before it stopped."""
        if not self.ledger.shared:
            return
        for job, trial in self.ledger.read(len(self._seen)):
            if job.number == len(self.jobs):
                self._follow(job)
            elif job.number < len(self.jobs):
                _agree(self.jobs[job.number], job)
            known = job.number < len(self.jobs) and job.number not in self.finished
            if trial is not None and known:
                self.complete(trial, tell, write=False)

    def _follow(self, job: Job) -> None:
        """Take over a job that was planned elsewhere."""
        if self.queue:
            _agree(replace(job, configuration=self.queue.pop(0)), job)
        self.jobs.append(job)
        self._twin(job)

    def _retake(self, objective: Objective, executor: Executor, workers: int) -> None:
        """Take jobs of processes that died."""
        if not self.ledger.shared or len(self._running) >= workers:
            return
        mine = {job.number for job in self._running.values()} | set(self._twins)
        for job in self.jobs[len(self._seen) :]:
            if job.number in mine or job.number in self.finished:
                continue
            if len(self._running) < workers and self.ledger.take(job)[1]:
                self._submit(job, objective, executor)

    def _begin(
        self, objective: Objective, executor: Executor, workers: int, limits: Limits, tell: Tell
    ) -> None:
        while len(self._running) < workers and not self.stopped:
            if limits.reached(len(self.jobs)):
                return
            job = self.plan()
            if job is None:
                return
            job, mine = self.ledger.take(job)
            self.jobs.append(job)
            twin = self._twin(job)
            if not mine:
                continue
            if twin is None:
                self._submit(job, objective, executor)
            elif twin in self.finished:
                self.complete(copied(job, self.finished[twin]), tell)
            else:
                self._twins[job.number] = twin

    def _submit(self, job: Job, objective: Objective, executor: Executor) -> None:
        self._running[executor.submit(evaluate, objective, self.task(job))] = job

    def _twin(self, job: Job) -> int | None:
        """Return the number of the first job with the same configuration and budget."""
        if self.terms.repeat or self.space is None:
            return None
        try:
            content = fingerprint({"configuration": dict(job.configuration), "budget": job.budget})
        except Unhashable:
            return None
        first = self._first.setdefault(str(content), job.number)
        return None if first == job.number else first

    def _collect(self, limits: Limits, tell: Tell) -> None:
        left = limits.left_s
        pause = _POLL_S if self.ledger.shared and self._blocked() else left
        done, _ = wait(self._running, timeout=pause if pause else None, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda each: self._running[each].number):
            job = self._running[future]
            trial, state = future.result()
            del self._running[future]
            self.keep_state(job, state)
            self.complete(trial, tell)

    def _blocked(self) -> bool:
        """Tell whether somebody else evaluates a job that the next ones depend on."""
        mine = {job.number for job in self._running.values()} | set(self._twins)
        return any(
            job.number not in mine and job.number not in self.finished
            for job in self.jobs[len(self._seen) :]
        )


def _agree(mine: Job, theirs: Job) -> None:
    """Compare two plans of one job; where objectives name the domains there may be more names."""
    shared = mine.configuration.keys() & theirs.configuration.keys()
    if mine.budget != theirs.budget or not all(
        same(mine.configuration[name], theirs.configuration[name]) for name in shared
    ):
        raise InvalidState(
            f"Trial {mine.number} of the study was planned otherwise elsewhere.",
            got=str(dict(theirs.configuration)),
            expected=str(dict(mine.configuration)),
            hint="enqueue the same configurations in all processes, before the first trial",
        )


def copied(job: Job, other: Finished) -> Finished:
    """Return the result of `other` as that of `job`, which has the same configuration."""
    return replace(
        other, number=job.number, origin=job.origin, rung=job.rung, seconds=0.0,
        copied_from=other.number,
    )  # fmt: skip


def seen_of(trial: Finished, signs: Sequence[float]) -> Seen:
    """Return a finished trial as samplers see it: everything is to be small."""
    violation = sum(max(0.0, value) for value in trial.constraints.values())
    if trial.state == "failed" or not trial.values:
        return Seen(trial.configuration, tuple(math.inf for _ in signs), violation, trial.budget)
    values = tuple(sign * value for sign, value in zip(signs, trial.values, strict=False))
    # A pruned trial has one value, whatever the number of directions.
    missing = (math.inf,) * (len(signs) - len(values))
    return Seen(trial.configuration, values + missing, violation, trial.budget)


def _first(seen: Mapping[int, Seen], count: int) -> dict[int, Seen]:
    return {number: seen[number] for number in range(count)}
