"""TPE that divides what a configuration promises by the seconds that it would really cost.

Over a space with dear transforms a sampler that looks at scores alone hardly ever proposes the same
beginning of a pipeline twice, so that there is nothing to reuse. This one knows which beginnings
are kept: what follows one of them costs its model only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.errors import InvalidParameter
from clew.select.distributions import Drawn
from clew.select.domains import Choice
from clew.select.samplers.optuna import comparable
from clew.select.samplers.view import Costs, Seen, View

_GOOD = 0.2


@dataclass(frozen=True, slots=True)
class ReusingSampler:
    """Proposes by expected improvement a second, in blocks of configurations that share stages.

    Improvement is that of tree-structured Parzen estimators (Bergstra et al. 2011, equation 15),
    one density for each parameter, on this sampler's own candidates: Optuna gives only its choice.
    The seconds are those of the plan: stages whose output is kept cost nothing.

    Parameters
    ----------
    start : int
        Draws before the first estimate, in `blocks` blocks with the same beginning.
    blocks : int
        Beginnings that are drawn at first.
    candidates : int
        Draws from the good density for new beginnings, and for each that was seen.
    beginnings : int
        How many of the best beginnings that were seen are gone on with.
    patience : float
        Weight of the seconds of stages, to those of a mean trial: 0 looks at scores only.
    """

    start: int = 12
    blocks: int = 4
    candidates: int = 24
    beginnings: int = 6
    patience: float = 1.0

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw of the running block, then the candidate that promises most a second.

        Raises
        ------
        InvalidParameter
            When nobody knows what configurations cost: only `clew.Search` does.
        """
        if view.costs is None:
            raise InvalidParameter(
                "Seconds are known to the plan of a search only.",
                got="sampler='reuse'",
                hint="clew.Search(…, sampler='reuse'), or 'tpe' here",
            )
        seen = [s for s in comparable(view.seen, self.start) if math.isfinite(s.values[0])]
        if view.number < self.start or len(seen) < 4:
            return self._begin(view, view.costs)
        return self._best(view, seen, view.costs)

    def _begin(self, view: View, costs: Costs) -> dict[str, Any]:
        length = max(1, self.start // max(1, self.blocks))
        if view.number % length == 0 or not view.seen:
            return view.space.draw(view.rng)
        first = view.seen[min(len(view.seen) - 1, view.number - view.number % length)]
        return _drawn(view, costs.prefix(first.configuration))

    def _best(self, view: View, seen: Sequence[Seen], costs: Costs) -> dict[str, Any]:
        ranked = sorted(seen, key=lambda each: each.loss)
        count = max(2, math.ceil(_GOOD * len(ranked)))
        share = count / len(ranked)
        good = Densities(view, [each.configuration for each in ranked[:count]])
        bad = Densities(view, [each.configuration for each in ranked[count:]])
        candidates = [good.draw({}) for _ in range(self.candidates)]
        for prefix in _distinct(ranked, costs)[: self.beginnings]:
            candidates += [good.draw(prefix) for _ in range(self.candidates // 2)]
        known = [dict(each.configuration) for each in view.seen]
        candidates = [c for c in candidates if view.space.allowed(c) and c not in known]
        if not candidates:
            return view.space.draw(view.rng)
        ratio = np.array([math.exp(min(bad.log(c) - good.log(c), 50.0)) for c in candidates])
        gain = 1.0 / (share + (1 - share) * ratio)
        return candidates[int(np.argmax(gain / self._seconds(candidates, costs)))]

    def _seconds(self, candidates: Sequence[Mapping[str, Any]], costs: Costs) -> np.ndarray:
        told = np.array([costs.seconds(candidate) for candidate in candidates])
        mean = max(float(told[:, 1].mean()), 1e-6)
        # A dear model is no waste: only stages that are not kept count against a candidate.
        return mean + self.patience * told[:, 0]


class Densities:
    """One Parzen density for each parameter, over the configurations in which it counts.

    Parameters
    ----------
    view : View
        The space, and the source of chance.
    configurations : sequence of mapping
        What was seen.
    """

    def __init__(self, view: View, configurations: Sequence[Mapping[str, Any]]) -> None:
        self._view = view
        self._known: dict[str, list[Any]] = {
            name: [c[name] for c in configurations if name in c] for name in view.space.domains
        }

    def draw(self, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Return a configuration with the parameters in `fixed`, the others drawn."""
        space, rng = self._view.space, self._view.rng
        found: dict[str, Any] = {}
        for name in space.domains:
            domain = space.active(name, found)
            if domain is None:
                continue
            if name in fixed and fixed[name] in domain:
                found[name] = fixed[name]
                continue
            known = self._known[name]
            at = int(rng.integers(len(known) + 1))
            if at == len(known):
                found[name] = domain.draw(rng)
            elif isinstance(domain, Choice) and not domain.ordered:
                found[name] = known[at]
            else:
                width = _width(len(known))
                unit = domain.to_unit(known[at]) + float(rng.normal(0, width))
                found[name] = domain.from_unit(min(1.0, max(0.0, unit)))
        return found

    def log(self, configuration: Mapping[str, Any]) -> float:
        """Return the logarithm of the density at a configuration."""
        total = 0.0
        for name, value in configuration.items():
            domain = self._view.space.active(name, configuration)
            if domain is None or isinstance(domain, Drawn):
                continue
            known = self._known[name]
            if isinstance(domain, Choice) and not domain.ordered:
                equal = sum(domain.index(each) == domain.index(value) for each in known)
                total += math.log((equal + 1 / len(domain.options)) / (len(known) + 1))
            else:
                total += math.log(_kernels(domain, value, known))
        return total


def _kernels(domain: Any, value: Any, known: Sequence[Any]) -> float:
    width = _width(len(known))
    at = np.array([domain.to_unit(each) for each in known])
    bumps = np.exp(-0.5 * ((domain.to_unit(value) - at) / width) ** 2) / (width * 2.5066)
    # The prior counts as one more: uniform on the unit interval.
    return float((bumps.sum() + 1.0) / (len(known) + 1))


def _width(count: int) -> float:
    return max(0.04, 0.25 / math.sqrt(count + 1))


def _distinct(ranked: Sequence[Seen], costs: Costs) -> list[dict[str, Any]]:
    """Return the beginnings that were seen, the best ones first."""
    found: list[dict[str, Any]] = []
    for each in ranked:
        prefix = costs.prefix(each.configuration)
        if prefix not in found:
            found.append(prefix)
    return found


def _drawn(view: View, fixed: Mapping[str, Any]) -> dict[str, Any]:
    for _ in range(100):
        found = view.space.complete(fixed, view.rng)
        if view.space.allowed(found):
            return found
    return view.space.draw(view.rng)
