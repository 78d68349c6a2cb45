"""Calling an objective, in whatever thread or process."""

from __future__ import annotations

import math
import numbers
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.errors import WrongType
from clew.select.schedulers.plan import Job
from clew.select.searchspace import evaluated
from clew.select.trials.trial import Finished, Pruned, Trial

Objective = Callable[[Trial], Any]


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that one evaluation needs.

    Parameters
    ----------
    job : Job
        What is evaluated.
    spent : float
        What was spent before by the state that is handed on.
    state : object
        What the objective left behind then.
    others : sequence of mapping
        Reports of the trials that this one is judged against.
    pruner, sign, seed : object
        As the study has them.
    free : bool
        Whether the objective names the domains itself.
    directions : int
        How many values the objective returns.
    catch : tuple of exception types
        What counts as a failed trial.
    """

    job: Job
    spent: float
    state: Any
    others: Sequence[Mapping[int, float]]
    pruner: Any
    sign: float
    seed: int
    free: bool
    directions: int
    catch: tuple[type[BaseException], ...]


def evaluate(objective: Objective, task: Task) -> tuple[Finished, Any]:
    """Return what came of a task, and the state for a continuation.

    Raises
    ------
    WrongType
        When the objective returns something else than numbers.
    """
    job = task.job
    rng = np.random.default_rng([task.seed, job.number, 1 << 33])
    trial = Trial(
        job,
        evaluated(job.configuration),
        spent=task.spent,
        state=task.state,
        others=task.others,
        pruner=task.pruner,
        sign=task.sign,
        suggest=(lambda name, domain: domain.draw(rng)) if task.free else None,
    )
    began = time.perf_counter()
    state, error = "complete", ""
    values: tuple[float, ...] = ()
    try:
        values = _values(objective(trial), task.directions)
    except Pruned:
        state = "pruned"
        values = (trial.reports[max(trial.reports)],) if trial.reports else ()
    except task.catch as caught:
        state, error = "failed", "".join(traceback.format_exception_only(caught)).strip()
    used = {n: v for n, v in trial.configuration.items() if n in trial.domains}
    finished = Finished(
        job.number,
        used if task.free else dict(job.configuration),
        values,
        state,  # type: ignore[arg-type]
        job.budget,
        job.origin,
        job.rung,
        dict(trial.reports),
        dict(trial.attributes),
        dict(trial.constraints),
        time.perf_counter() - began,
        None,
        error,
        dict(trial.domains),
    )
    return finished, trial.state


def _values(returned: Any, count: int) -> tuple[float, ...]:
    given = returned if isinstance(returned, tuple | list | np.ndarray) else (returned,)
    if len(given) != count:
        raise WrongType(
            "The objective returned another number of values than there are directions.",
            got=str(len(given)),
            expected=str(count),
        )
    for value in given:
        if isinstance(value, str) or not isinstance(value, numbers.Real | np.generic | np.ndarray):
            raise WrongType(
                "The objective returned no number.", got=type(value).__name__, expected="float"
            )
    found = tuple(float(value) for value in given)
    if any(math.isnan(value) for value in found):
        raise WrongType("The objective returned NaN.", expected="a number")
    return found
