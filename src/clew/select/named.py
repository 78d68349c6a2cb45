"""Samplers and schedulers by the names that people know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.errors import InvalidParameter
from clew.select.samplers.chance import GridSampler, RandomSampler
from clew.select.samplers.controller import ControllerSampler
from clew.select.samplers.covariance import CovarianceSampler
from clew.select.samplers.evolution import EvolutionSampler, NSGA2Sampler
from clew.select.samplers.gaussian import GaussianSampler
from clew.select.samplers.local import AnnealingSampler, RecursiveSampler
from clew.select.samplers.optuna import TPESampler
from clew.select.samplers.reusing import ReusingSampler
from clew.select.samplers.view import Sampler
from clew.select.schedulers.plan import Scheduler, WholeScheduler
from clew.select.schedulers.rungs import (
    AsynchronousScheduler,
    HalvingScheduler,
    HyperbandScheduler,
)

SAMPLERS: dict[str, Callable[[], Sampler]] = {
    "random": RandomSampler,
    "grid": GridSampler,
    "annealing": AnnealingSampler,
    "recursive": RecursiveSampler,
    "tpe": TPESampler,
    "gp": GaussianSampler,
    "cmaes": CovarianceSampler,
    "evolution": EvolutionSampler,
    "controller": ControllerSampler,
    "nsga2": NSGA2Sampler,
    "reuse": ReusingSampler,
}
_RUNGS: dict[str, tuple[Any, str | None]] = {
    "halving": (HalvingScheduler, None),
    "hyperband": (HyperbandScheduler, None),
    "asha": (AsynchronousScheduler, None),
    "bohb": (HyperbandScheduler, "tpe"),
}


def sampler_of(given: str | Sampler) -> Sampler:
    """Return a sampler, perhaps by its name.

    Raises
    ------
    InvalidParameter
        When there is no such name.
    """
    if not isinstance(given, str):
        return given
    if given not in SAMPLERS:
        raise InvalidParameter("No such sampler.", got=repr(given), expected=", ".join(SAMPLERS))
    return SAMPLERS[given]()


def scheduler_of(
    given: str | Scheduler | None,
    sampler: str | Sampler | None,
    budget: tuple[float, float] | None,
    factor: float,
) -> Scheduler:
    """Return a scheduler with its sampler, perhaps by their names.

    Raises
    ------
    InvalidParameter
        When there is no such name, or rungs have no budget.
    """
    if given is not None and not isinstance(given, str):
        return given
    if given is None:
        most = budget[1] if budget else 1.0
        return WholeScheduler(sampler_of(sampler or "tpe"), most)
    if given not in _RUNGS:
        raise InvalidParameter("No such scheduler.", got=repr(given), expected=", ".join(_RUNGS))
    if budget is None:
        raise InvalidParameter(f"{given!r} needs a budget.", expected="budget=(least, most)")
    build, usual = _RUNGS[given]
    chosen = sampler_of(sampler or usual or "random")
    return build(chosen, float(budget[0]), float(budget[1]), factor)  # type: ignore[no-any-return]
