"""`optimize`: any function of a configuration, its trials planned, kept and repeatable."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from clew.errors import InvalidParameter, NotFound
from clew.select.named import scheduler_of
from clew.select.pareto import front
from clew.select.searchspace import as_space, evaluated
from clew.select.trials.engine import Engine, Limits, Terms
from clew.select.trials.evaluate import Objective
from clew.select.trials.identity import study_id
from clew.select.trials.ledger import MemoryLedger
from clew.select.trials.trial import Finished, Trial

Direction = Literal["minimize", "maximize"]
Callback = Callable[["Optimization", Finished], None]


class Optimization:
    """A study of an objective: proposes configurations, keeps what came of them.

    Parameters
    ----------
    space : mapping, SearchSpace, list of mappings or None
        Domains of the parameters; None: the objective names them itself (`Trial.suggest_float` and
        the like), as Optuna's users write it.
    direction : {"minimize", "maximize"} or a sequence of them
        For each value that the objective returns.
    sampler : str or Sampler
        ``"tpe"`` (default), ``"random"``, ``"grid"``, ``"annealing"``, ``"recursive"``, ``"gp"``,
        ``"cmaes"``, ``"evolution"``, ``"nsga2"``, ``"controller"``.
    scheduler : str, Scheduler or None
        ``"halving"``, ``"hyperband"``, ``"asha"``, ``"bohb"``; None: each configuration gets all.
    budget : (float, float), optional
        Smallest and largest budget of a configuration under a scheduler, in any unit: epochs,
        rounds, trees, rows. The objective reads ``trial.budget``.
    factor : float
        What a rung multiplies the budget with.
    seed : int
        Source of all chance.
    lag : int
        A trial sees the results of all but the last ``lag - 1`` trials before it, so that so many
        workers are busy and yet give the same trials as one.
    pruner : Pruner, optional
        Judges what a trial reports (`PercentilePruner`).
    catch : exception type or tuple of them
        What counts as a failed trial; anything else ends the run.
    repeat : bool
        Whether a configuration that was evaluated is evaluated again; by default its result is
        taken over.
    study : str, optional
        A name under which trials are kept in the store of this place, each when it ends: the study
        resumes where it stopped, other processes that run it share its trials, and none is
        evaluated twice. Another objective, space or option is another study. Without a name
        trials are kept in memory.

    Examples
    --------
    >>> from clew.select import real
    >>> study = Optimization({"x": real(-5, 5)}, sampler="gp", seed=1)
    >>> study.run(lambda trial: (trial["x"] - 2) ** 2, n_trials=20).best.value < 0.1
    True
    """

    def __init__(
        self,
        space: Any = None,
        *,
        direction: Direction | Sequence[Direction] = "minimize",
        sampler: Any = None,
        scheduler: Any = None,
        budget: tuple[float, float] | None = None,
        factor: float = 3.0,
        seed: int = 0,
        lag: int = 2,
        pruner: Any = None,
        catch: Any = (),
        repeat: bool = False,
        study: str | None = None,
    ) -> None:
        self.directions = (direction,) if isinstance(direction, str) else tuple(direction)
        for each in self.directions:
            if each not in ("minimize", "maximize"):
                raise InvalidParameter(
                    "No direction.", got=repr(each), expected="minimize or maximize"
                )
        if lag < 1 or not self.directions:
            raise InvalidParameter(
                "A trial cannot see itself.", got=f"lag={lag}", expected="1 or more"
            )
        self.space = None if space is None else as_space(space)
        terms = Terms(
            scheduler=scheduler_of(scheduler, sampler, budget, factor),
            signs=tuple(1.0 if each == "minimize" else -1.0 for each in self.directions),
            seed=seed,
            lag=lag,
            pruner=pruner,
            catch=catch if isinstance(catch, tuple) else (catch,),
            repeat=repeat,
        )
        self._engine = Engine(self.space, terms, MemoryLedger())
        self.name = study
        self._open = study is None
        self._asked: dict[int, tuple[Any, Trial]] = {}
        self.interrupted = False

    def run(
        self,
        objective: Objective,
        n_trials: int | None = None,
        *,
        timeout_s: float | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Optimization:
        """Evaluate trials until there are `n_trials` or the time is over; may be called again.

        Parameters
        ----------
        objective : callable
            Takes a `Trial`, returns a number, or one for each direction.
        n_trials : int, optional
            Trials of the study altogether, those of earlier runs included.
        timeout_s : float, optional
            Seconds after which no trial begins.
        workers : int
            Trials that are evaluated at once, in threads.
        executor : concurrent.futures.Executor, optional
            Where they run instead: a process pool, a cluster's executor.
        callbacks : sequence of callable
            Called with the study and each finished trial; `stop` ends the run.

        Returns
        -------
        Optimization
            Itself. Ctrl-C ends the run, too, and sets `interrupted`.

        Raises
        ------
        InvalidParameter
            When neither `n_trials` nor `timeout_s` is given and the space does not end by itself.
        """
        if n_trials is None and timeout_s is None and not _ends(self._engine.terms.scheduler):
            raise InvalidParameter("The run has no end.", expected="n_trials or timeout_s")
        deadline = None if timeout_s is None else time.monotonic() + timeout_s

        def tell(trial: Finished) -> None:
            for callback in callbacks:
                callback(self, trial)

        self._opened(objective)
        with _executor(executor, workers) as pool:
            try:
                self._engine.run(objective, pool, workers, Limits(n_trials, deadline), tell)
            except KeyboardInterrupt:
                self.interrupted = True
        return self

    def ask(self) -> Trial:
        """Return a trial to be evaluated by the caller, who tells its result (`tell`).

        Raises
        ------
        InvalidParameter
            When it depends on results that were not told, or the space is exhausted.
        """
        self._opened(None)
        job = self._engine.ask(self._quiet)
        if job is None:
            raise InvalidParameter(
                "The space is exhausted."
                if self._engine.exhausted
                else "The next trial depends on results that were not told yet.",
                hint="tell results, or ask with a larger lag",
            )
        task = self._engine.task(job)
        rng = np.random.default_rng([task.seed, job.number, 1 << 33])
        trial = Trial(
            job, evaluated(job.configuration), spent=task.spent, state=task.state,
            others=task.others, pruner=task.pruner, sign=task.sign,
            suggest=(lambda name, domain: domain.draw(rng)) if task.free else None,
        )  # fmt: skip
        self._asked[job.number] = (job, trial)
        return trial

    def tell(
        self,
        trial: Trial | int,
        value: float | Sequence[float] | None = None,
        *,
        state: Literal["complete", "pruned", "failed"] = "complete",
    ) -> Finished:
        """Keep the result of a trial that was asked for.

        Raises
        ------
        NotFound
            When no such trial is open.
        InvalidParameter
            When the number of values is not that of the directions.
        """
        number = trial if isinstance(trial, int) else trial.number
        if number not in self._asked:
            raise NotFound("No such trial is open.", got=str(number))
        job, asked = self._asked[number]
        given = () if value is None else (value,) if np.isscalar(value) else tuple(value)  # type: ignore[arg-type]
        if state == "complete" and len(given) != len(self.directions):
            raise InvalidParameter(
                "A complete trial has a value for each direction.",
                got=str(len(given)),
                expected=str(len(self.directions)),
            )
        del self._asked[number]
        free = self.space is None
        used = {n: v for n, v in asked.configuration.items() if n in asked.domains}
        finished = Finished(
            number, used if free else dict(job.configuration), tuple(float(v) for v in given),  # type: ignore[arg-type]
            state, job.budget, job.origin, job.rung, dict(asked.reports), dict(asked.attributes),
            dict(asked.constraints), domains=dict(asked.domains),
        )  # fmt: skip
        self._engine.keep_state(job, asked.state)
        self._engine.complete(finished, lambda _: None)
        return finished

    def enqueue(self, configuration: Mapping[str, Any]) -> None:
        """Have a configuration evaluated next.

        Raises
        ------
        InvalidParameter
            When it is not of the space.
        """
        if self.space is not None:
            self.space.check(configuration)
        self._engine.queue.append(dict(configuration))

    def price(self, costs: Any) -> None:
        """Tell samplers what configurations would cost now (`View.costs`)."""
        self._engine.costs = costs

    def stop(self) -> None:
        """End the run after what is being evaluated now."""
        self._engine.stopped = True

    @property
    def trials(self) -> list[Finished]:
        """Finished trials, by their numbers."""
        return [self._shown(self._engine.finished[n]) for n in sorted(self._engine.finished)]

    @property
    def best(self) -> Finished:
        """The best complete trial that keeps its constraints, at the largest budget reached.

        Raises
        ------
        NotFound
            When there is none.
        InvalidParameter
            When there are several directions: see `pareto`.
        """
        if len(self.directions) > 1:
            raise InvalidParameter("Several directions have no best trial.", hint="see `pareto`")
        kept = [trial for trial in self.trials if trial.feasible]
        if not kept:
            raise NotFound("No trial is complete and keeps the constraints.")
        most = max(trial.budget for trial in kept)
        sign = self._engine.terms.signs[0]
        return min(
            (trial for trial in kept if trial.budget == most),
            key=lambda trial: (sign * trial.value, trial.number),
        )

    @property
    def pareto(self) -> list[Finished]:
        """Complete trials that keep their constraints and that no other one beats in everything."""
        kept = [trial for trial in self.trials if trial.feasible]
        if not kept:
            return []
        values = np.array([trial.values for trial in kept]) * np.array(self._engine.terms.signs)
        return [kept[i] for i in front(values)]

    def _opened(self, objective: Objective | None) -> None:
        """Find the study's trials in the store, once it is known what decides them."""
        if self._open or self.name is None:
            return
        from clew.select.trials.durable import StoreLedger
        from clew.steps import runtime

        place, engine = runtime.current(), self._engine
        id = study_id(
            self.name, self.space, engine.terms, engine.queue, objective, place.environment[0]
        )
        engine.ledger, self._open = StoreLedger(place, id), True

    @staticmethod
    def _quiet(trial: Finished) -> None:
        """Tell nobody."""

    @staticmethod
    def _shown(trial: Finished) -> Finished:
        return replace(trial, configuration=evaluated(trial.configuration))

    def __repr__(self) -> str:
        return f"Optimization({len(self._engine.finished)} trials)"


def optimize(
    objective: Objective,
    n_trials: int | None = None,
    *,
    space: Any = None,
    timeout_s: float | None = None,
    workers: int = 1,
    callbacks: Sequence[Callback] = (),
    enqueue: Sequence[Mapping[str, Any]] = (),
    **options: Any,
) -> Optimization:
    """Look for the configuration at which an objective is smallest (or largest).

    Parameters
    ----------
    objective, n_trials, timeout_s, workers, callbacks
        As in `Optimization.run`.
    space : mapping, SearchSpace, list of mappings or None
        As in `Optimization`.
    enqueue : sequence of mapping
        Configurations to be evaluated first.
    **options : dict
        As in `Optimization`.

    Examples
    --------
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", -5, 5)
    ...     return (x - 2) ** 2
    >>> abs(optimize(objective, 30).best.configuration["x"] - 2) < 0.5
    True
    """
    study = Optimization(space, **options)
    for configuration in enqueue:
        study.enqueue(configuration)
    return study.run(objective, n_trials, timeout_s=timeout_s, workers=workers, callbacks=callbacks)


@contextlib.contextmanager
def _executor(given: Executor | None, workers: int) -> Iterator[Executor]:
    if given is not None:
        yield given
    elif workers == 1:
        yield _Inline()
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="trial") as pool:
            yield pool


class _Inline(Executor):
    """Evaluates at once, in the calling thread, where Ctrl-C reaches the objective."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _ends(scheduler: Any) -> bool:
    from clew.select.samplers.chance import GridSampler

    return isinstance(getattr(scheduler, "sampler", None), GridSampler)
