"""What a sampler is told: what was seen, what is still running, and its source of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np

from clew.select.searchspace import SearchSpace


@dataclass(frozen=True, slots=True)
class Seen:
    """One evaluated configuration.

    Parameters
    ----------
    configuration : mapping
        What was evaluated.
    values : tuple of float
        What is to be small, one number for each objective; infinite where it failed.
    violation : float
        By how much constraints are broken; 0 when they are kept.
    budget : float
        What was spent on it, in the scheduler's unit.
    """

    configuration: Mapping[str, Any]
    values: tuple[float, ...]
    violation: float = 0.0
    budget: float = 1.0

    @property
    def loss(self) -> tuple[float, float]:
        """What a single-objective sampler minimises: broken constraints first."""
        return self.violation, self.values[0]


class Costs(Protocol):
    """What configurations would cost, where somebody plans their work."""

    def seconds(self, configuration: Mapping[str, Any]) -> tuple[float, float]:
        """Return the seconds of what is not kept before the model, and the model's."""

    def prefix(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that decide what comes before the model."""


@dataclass(frozen=True)
class View:
    """What a sampler may know when it proposes.

    Parameters
    ----------
    space : SearchSpace
        Where proposals come from.
    number : int
        How many proposals were made before.
    seed : int
        The study's.
    seen : sequence of Seen
        In the order of their proposals.
    pending : sequence of mapping
        Proposed, not seen yet.
    costs : Costs or None
        What a configuration would cost now.
    """

    space: SearchSpace
    number: int
    seed: int
    seen: Sequence[Seen] = field(default_factory=list)
    pending: Sequence[Mapping[str, Any]] = field(default_factory=list)
    costs: Costs | None = None

    @cached_property
    def rng(self) -> np.random.Generator:
        """A generator of this proposal's own."""
        return np.random.default_rng([self.seed, self.number])

    def rng_of(self, *number: int) -> np.random.Generator:
        """Return a generator that belongs to something else than this proposal."""
        return np.random.default_rng([self.seed, self.number, *number])

    def chance_of(self, index: int) -> np.random.Generator:
        """Return the generator that belongs to a seen configuration, whoever asks."""
        return np.random.default_rng([self.seed, 1 << 32, index])

    @cached_property
    def best(self) -> Seen | None:
        """The seen configuration with the smallest loss."""
        return min(self.seen, key=lambda seen: seen.loss, default=None)


WAIT: Final = "wait"
"""A proposal that says: not before everything that runs has been seen."""


class Sampler(Protocol):
    """Proposes configurations."""

    def propose(self, view: View) -> dict[str, Any] | str | None:
        """Return a configuration, `WAIT`, or None when the space is exhausted."""
