"""One policy for each kind of request: by user, region, or any feature."""

from __future__ import annotations

import json
import random as _random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.policy.base import (
    Context,
    Feedback,
    Selection,
    SelectionPolicy,
    State,
    Vote,
    checked_arms,
)

_REST = "*"


@dataclass(frozen=True, slots=True)
class Contextual:
    """Keeps a state of another policy for each value of some context fields.

    Parameters
    ----------
    policy : SelectionPolicy
        What chooses within a context.
    by : sequence of str
        Fields of the context; a request that lacks one counts as of the value None.
    most : int, default 1000
        How many contexts have a state of their own; later ones share one.
    """

    policy: SelectionPolicy
    by: Sequence[str]
    most: int = 1000

    def init(self, arms: Sequence[str]) -> State:
        """Return the state before any feedback."""
        if not self.by or isinstance(self.by, str):
            raise InvalidParameter(
                "fields of a contextual policy", got=repr(self.by), expected="names of fields"
            )
        return {"arms": checked_arms(arms), "contexts": {}}

    def select(self, state: State, context: Context, random: _random.Random) -> Selection:
        """Choose by what is believed in this context."""
        return self.policy.select(self._of(state, context), context, random)

    def combine(self, state: State, context: Context, votes: Sequence[Vote]) -> tuple[Any, float]:
        """Combine as the inner policy does in this context."""
        return self.policy.combine(self._of(state, context), context, votes)

    def shares(self, state: State, context: Context, votes: Sequence[Vote]) -> dict[Any, float]:
        """Return the share of each label, where the inner policy asks several arms."""
        found: dict[Any, float] = self.policy.shares(  # type: ignore[attr-defined]
            self._of(state, context), context, votes
        )
        return found

    def observe(self, state: State, context: Context, feedback: Feedback) -> State:
        """Return the state with this context's part changed."""
        inner = self.policy.observe(self._of(state, context), context, feedback)
        key = self._key(state, context)
        return {**state, "contexts": {**state["contexts"], key: inner}}

    def _of(self, state: State, context: Context) -> State:
        known = state["contexts"].get(self._key(state, context))
        return self.policy.init(state["arms"]) if known is None else known

    def _key(self, state: State, context: Context) -> str:
        key = json.dumps([context.get(name) for name in self.by], default=str)
        full = len(state["contexts"]) >= self.most and key not in state["contexts"]
        return _REST if full else key
