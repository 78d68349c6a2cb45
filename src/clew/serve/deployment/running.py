"""A state of a deployment with all that answers for it: prepared versions, and what they did."""

from __future__ import annotations

import random as _random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.serve.deployment.meter import Counted, Meter
from clew.serve.deployment.state import State
from clew.serve.hosted import Answered, Hosted
from clew.serve.policy.base import Context, SelectionPolicy
from clew.serve.policy.base import State as Learned
from clew.serve.policy.configured import of_arms

CANARY = "canary"
ASKED = "asked"
"""The client named the version."""


class Part:
    """One version behind an endpoint, as it runs for one state of the deployment.

    Parameters
    ----------
    key : str
        ``adult/7``.
    hosted : Hosted
        Answers, and keeps nothing itself; it may have served another state before.
    """

    def __init__(self, key: str, hosted: Hosted) -> None:
        self.key, self.hosted = key, hosted
        self.meter = Meter()
        self._before = _so_far(hosted)

    async def ask(self, rows: Sequence[Any]) -> Sequence[Answered]:
        """Return the answer to each row, and count what it took; failures count the caller."""
        began_s = time.perf_counter()
        found = await self.hosted.answer(rows)
        self.meter.answered(len(rows), time.perf_counter() - began_s)
        return found

    def counted(self) -> Counted:
        """Return what it did in this state."""
        batches, refused, hits, misses = (
            now - before for now, before in zip(_so_far(self.hosted), self._before, strict=True)
        )
        found = self.meter.counted(batches=batches)
        found.refused, found.hits, found.misses = refused, hits, misses
        found.largest = self.hosted.batcher.counts.largest
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """Which arms answer some rows.

    Parameters
    ----------
    policy : str
        Who decided, as in the journal's `Decision`.
    arms : tuple of str
        Their keys.
    chances : mapping of str to float
        With which probability each arm would have been chosen by whoever decided.
    """

    policy: str
    arms: tuple[str, ...]
    chances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Running:
    """A state of a deployment that answers.

    Parameters
    ----------
    parts : mapping of str to Part
        By key, every version of the state.
    """

    state: State
    parts: Mapping[str, Part]
    whole: Meter = field(default_factory=Meter)

    @property
    def champion(self) -> Part:
        """The champion."""
        return self.parts[self.state.champion.key]

    @property
    def canary(self) -> Part | None:
        """The canary, while it runs."""
        canary = self.state.config.canary
        if canary is None or self.state.stopped:
            return None
        return self.parts[self.state.arm(canary.arm).key]

    @property
    def shadows(self) -> list[Part]:
        """Those whose answers are kept and never returned."""
        keys = dict.fromkeys(self.state.arm(role).key for role in self.state.config.shadow)
        return [self.parts[key] for key in keys]

    def counted(self) -> Counted:
        """Return what all arms together did for clients."""
        parts = [part.counted() for part in self.parts.values()]
        found = self.whole.counted(batches=sum(part.batches for part in parts))
        found.refused = sum(part.refused for part in parts)
        found.hits = sum(part.hits for part in parts)
        found.misses = sum(part.misses for part in parts)
        found.largest = max(part.largest for part in parts)
        return found


class Chooser:
    """Who decides among the arms of a state.

    Parameters
    ----------
    dice : random.Random, optional
        By default seeded by the system.
    """

    def __init__(self, state: State, dice: _random.Random | None = None) -> None:
        self._share = state.canary_share
        canary = state.config.canary
        self._canary = state.arm(canary.arm).key if canary else ""
        self._name = state.config.policy
        self._dice = dice or _random.Random()
        self.policy, self.arms = policy_of(state)
        self.by = state.config.by

    def choose(self, learned: Learned, context: Context) -> Choice:
        """Choose the arms that answer a request."""
        if self._share and self._dice.random() < self._share:
            return Choice(CANARY, (self._canary,), {self._canary: self._share})
        selection = self.policy.select(learned, context, self._dice)
        return Choice(self._name, selection.arms, selection.probabilities)

    def contexts(self, rows: Sequence[Any], given: Context) -> list[tuple[Context, list[int]]]:
        """Return the kinds of request among some rows, with the rows of each."""
        if not self.by:
            return [({}, list(range(len(rows))))]
        found: dict[tuple[Any, ...], list[int]] = {}
        for at, row in enumerate(rows):
            fields = row if isinstance(row, Mapping) else {}
            values = tuple(_plain(fields.get(name, given.get(name))) for name in self.by)
            found.setdefault(values, []).append(at)
        return [
            (dict(zip(self.by, values, strict=True)), positions)
            for values, positions in found.items()
        ]


def policy_of(state: State) -> tuple[SelectionPolicy, tuple[str, ...]]:
    """Return the policy of a state and the keys of the arms among which it chooses.

    A configuration speaks of roles, a policy of versions: what was learned of a version stays with
    it whatever its role.
    """
    config = state.config
    keys = {role: state.arm(role).key for role in config.choosing}
    policy = of_arms(config.policy, config.settings, keys, by=config.by)
    return policy, tuple(dict.fromkeys(keys.values()))


def _so_far(hosted: Hosted) -> tuple[int, int, int, int]:
    counts, cache = hosted.batcher.counts, hosted.cache
    hits, misses = (cache.hits, cache.misses) if cache else (0, 0)
    return counts.batches, counts.refused, hits, misses


def _plain(value: Any) -> Any:
    """Return a value that can be a key and lie in the journal."""
    plain = value is None or isinstance(value, str | bool | int | float)
    return value if plain else str(value)
