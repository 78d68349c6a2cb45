"""CMA-ES (Hansen 2016), by the library `cmaes`, on the unit cube."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, MissingExtra
from clew.select.distributions import When
from clew.select.domains import Choice
from clew.select.samplers.view import WAIT, View


class CovarianceSampler:
    """Covariance matrix adaptation: a generation is drawn, and the next one after all its results.

    Unordered choices are drawn at random; everything else lives on the unit interval. A space with
    conditions is refused.

    Parameters
    ----------
    sigma : float
        First step size, as a share of the domains.
    population : int, optional
        Size of a generation; by default 4 + 3 ln(dimensions).
    start : int
        Random draws whose best is where the first generation is centred.
    """

    def __init__(self, sigma: float = 0.25, population: int | None = None, start: int = 5) -> None:
        self.sigma, self.population, self.start = sigma, population, start
        self._replayed: tuple[Any, int, int, Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is known of one study: it decides nothing."""
        return {**self.__dict__, "_replayed": None}

    def propose(self, view: View) -> dict[str, Any] | str:
        """Return a member of the running generation."""
        names = _numeric(view)
        if not names or view.number < self.start:
            return view.space.draw(view.rng)
        if len(view.seen) < self.start:
            return WAIT
        size = self.population or 4 + int(3 * math.log(max(1, len(names))))
        generation, member = divmod(view.number - self.start, size)
        if len(view.seen) < self.start + generation * size:
            return WAIT
        optimiser = self._optimiser(view, names, generation, size)
        units = _members(optimiser, view.seed, generation, size)[member]
        found = {
            n: view.space.domains[n].from_unit(float(u)) for n, u in zip(names, units, strict=True)
        }
        whole = view.space.complete(found, view.rng)
        return whole if view.space.allowed(whole) else view.space.draw(view.rng)

    def _optimiser(self, view: View, names: list[str], generation: int, size: int) -> Any:
        key = (view.space, view.seed, size)
        known = self._replayed
        if known is not None and known[:3] == key and known[3][0] <= generation:
            done, optimiser = known[3]
        else:
            done, optimiser = 0, self._first(view, names, size)
        for past in range(done, generation):
            units = _members(optimiser, view.seed, past, size)
            first = self.start + past * size
            told = zip(units, view.seen[first : first + size], strict=True)
            worst = _worst(view)
            optimiser.tell(
                [(u, s.values[0] if np.isfinite(s.values[0]) else worst) for u, s in told]
            )
        self._replayed = (*key, (generation, optimiser))
        return optimiser

    def _first(self, view: View, names: list[str], size: int) -> Any:
        try:
            from cmaes import CMA
        except ImportError as error:
            raise MissingExtra(
                "CMA-ES needs the library cmaes.", hint="pip install 'clew[hpo]'"
            ) from error
        best = min(view.seen[: self.start], key=lambda seen: seen.loss).configuration
        mean = np.array([view.space.domains[n].to_unit(best[n]) for n in names])
        if len(names) == 1:
            raise InvalidParameter("CMA-ES needs two numbers at least.", got=repr(names))
        bounds = np.tile([0.0, 1.0], (len(names), 1))
        return CMA(
            mean.clip(0.05, 0.95), self.sigma, bounds=bounds, seed=view.seed, population_size=size
        )


def _members(optimiser: Any, seed: int, generation: int, size: int) -> list[Any]:
    # The generator is set for each generation, so that asking twice gives the same members.
    optimiser._rng = np.random.RandomState([seed % 2**32, generation])
    return [optimiser.ask() for _ in range(size)]


def _numeric(view: View) -> list[str]:
    for name, domain in view.space.domains.items():
        if isinstance(domain, When):
            raise InvalidParameter(
                "CMA-ES takes no conditions.", got=f"a condition on {name!r}", hint="use 'tpe'"
            )
    return [
        name
        for name, domain in view.space.domains.items()
        if not (isinstance(domain, Choice) and not domain.ordered)
    ]


def _worst(view: View) -> float:
    finite = [seen.values[0] for seen in view.seen if np.isfinite(seen.values[0])]
    return max(finite, default=0.0)
