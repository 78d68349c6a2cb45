"""A bandit over families of models that stops those which fall behind (TuPaQ, SoCC 2015, §3.2)."""

from __future__ import annotations

import math
from typing import Any

from clew.errors import InvalidParameter
from clew.select.domains import Choice
from clew.select.samplers.chance import RandomSampler
from clew.select.samplers.view import Sampler, Seen, View


class FamilySampler:
    """Chooses the family first, by upper confidence; a family that is behind is killed.

    A family is killed when, after `trials` of its own, its best loss is above the best of all by
    more than `slack` of the spread between families: TuPaQ's rule with its slack.

    Parameters
    ----------
    by : str
        The choice whose options are the families.
    sampler : Sampler, optional
        Proposes within a family; by default at random.
    trials : int
        Trials that each family has before it can be killed.
    slack : float
        How far behind a family may be.
    """

    def __init__(
        self, by: str, sampler: Sampler | None = None, *, trials: int = 3, slack: float = 0.5
    ) -> None:
        self.by, self.sampler = by, sampler or RandomSampler()
        self.trials, self.slack = trials, slack

    def propose(self, view: View) -> dict[str, Any] | str | None:
        """Return a configuration of the family whose turn it is."""
        domain = view.space.domains.get(self.by)
        if not isinstance(domain, Choice):
            raise InvalidParameter("No choice of families.", got=repr(self.by), expected="a choice")
        by_family: list[list[Seen]] = [[] for _ in domain.options]
        for seen in view.seen:
            by_family[domain.index(seen.configuration[self.by])].append(seen)
        running = [domain.index(each[self.by]) for each in view.pending]
        counts = [len(seen) + running.count(i) for i, seen in enumerate(by_family)]
        alive = self.alive(by_family)
        family = min(
            alive, key=lambda i: (self._lower(by_family[i], counts[i], view), counts[i], i)
        )
        for _ in range(100):
            found = self.sampler.propose(view)
            if not isinstance(found, dict):
                return found
            if domain.index(found[self.by]) == family:
                return found
            found = view.space.complete({**found, self.by: domain.options[family]}, view.rng)
            if view.space.allowed(found):
                return found
        return view.space.draw(view.rng)

    def alive(self, by_family: list[list[Seen]]) -> list[int]:
        """Return the families that are not killed."""
        best = [min((s.loss for s in seen), default=None) for seen in by_family]
        known = [b[1] for b in best if b is not None and b[0] <= 0 and math.isfinite(b[1])]
        if not known:
            return list(range(len(by_family)))
        first, spread = min(known), max(known) - min(known)
        limit = first + self.slack * spread
        return [
            i
            for i, seen in enumerate(by_family)
            if len(seen) < self.trials or (best[i] or (0.0, 0.0))[1] <= limit
        ]

    def _lower(self, seen: list[Seen], count: int, view: View) -> float:
        if count < self.trials:
            return -math.inf
        values = [s.values[0] for s in seen if math.isfinite(s.values[0])]
        if not values:
            return math.inf
        known = [s.values[0] for s in view.seen if math.isfinite(s.values[0])]
        spread = (max(known) - min(known)) or 1.0
        return min(values) - spread * 0.3 * math.sqrt(math.log(1 + view.number) / count)
