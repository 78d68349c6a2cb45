"""Which models answer a request, how their answers become one, and what feedback changes.

Clipper's interface (Crankshaw et al. 2017, section 5): ``init``, ``select``, ``combine``,
``observe``. A policy has no memory of its own: its state is plain data that the caller keeps, so
that it outlives the process.
"""

from __future__ import annotations

from clew.serve.policy.bandit import EpsilonGreedy, Exp3, Split, Static, Thompson, UpperBound
from clew.serve.policy.base import Feedback, Selection, SelectionPolicy, State, Vote
from clew.serve.policy.configured import POLICIES, configured
from clew.serve.policy.contextual import Contextual
from clew.serve.policy.ensemble import Exp4, Voting, Weighted

__all__ = [
    "POLICIES",
    "Contextual",
    "EpsilonGreedy",
    "Exp3",
    "Exp4",
    "Feedback",
    "Selection",
    "SelectionPolicy",
    "Split",
    "State",
    "Static",
    "Thompson",
    "UpperBound",
    "Vote",
    "Voting",
    "Weighted",
    "configured",
]
