"""How often a set of rows can be asked, when what it answered shapes what is asked next.

A developer who sees verdicts can only come to a model by a history of verdicts; so a guarantee for
every model that some history leads to holds for the one that came. How many such models there are
is what a test set's budget is divided by (ease.ml/ci, section 3):

- ``none``: nobody who makes models sees a verdict. One model a step: H.
- ``full``: verdicts are seen. All histories: 2^H.
- ``hybrid``: verdicts are seen, the set is retired at the first PASS. Only FAIL leads on: H.
- ``retire``: the same, at the k-th PASS. Before the last step of a history at most k - 1 passes:
  the sum of ``C(H, j)`` over j from 1 to k, which is H for k = 1 and ``2^H - 1`` for k = H.

Where a verdict can also be UNKNOWN, histories branch in three.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from clew.errors import InvalidParameter

Kind = Literal["none", "full", "hybrid", "retire"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Adaptivity:
    """For how many models a test set is.

    Parameters
    ----------
    steps : int
        H: how many models it judges at most.
    kind : {"none", "full", "hybrid", "retire"}
        Who sees what, see above.
    passes : int
        At which PASS the set is retired, for ``"retire"``.

    Examples
    --------
    >>> [Adaptivity(32, kind).models() for kind in ("none", "hybrid", "full")]
    [32, 32, 4294967296]
    >>> [Adaptivity(32, "retire", passes=k).models() for k in (1, 2, 32)]
    [32, 528, 4294967295]
    """

    steps: int = 1
    kind: Kind = "full"
    passes: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidParameter("adaptivity", got=repr(self.kind), expected=", ".join(KINDS))
        if not 1 <= self.steps <= 1000:
            raise InvalidParameter("steps", got=str(self.steps), expected="1 to 1000")
        if not 1 <= self.passes <= self.steps:
            raise InvalidParameter("passes", got=str(self.passes), expected=f"1 to {self.steps}")

    def models(self, *, verdicts: int = 2) -> int:
        """Return for how many models the guarantee has to hold at once.

        Parameters
        ----------
        verdicts : int
            How many verdicts there are: PASS and FAIL, or UNKNOWN besides.
        """
        if self.kind == "none":
            return self.steps
        if self.kind == "full":
            return int(verdicts**self.steps)
        most = 1 if self.kind == "hybrid" else self.passes
        return sum(
            math.comb(before, passed) * (verdicts - 1) ** (before - passed)
            for before in range(self.steps)
            for passed in range(min(most, before + 1))
        )

    def is_spent(self, steps: int, passes: int) -> str | None:
        """Say why a set that judged `steps` models and passed `passes` judges no more, or None."""
        if steps >= self.steps:
            return f"it has judged {steps} of {self.steps} models"
        retired = {"hybrid": 1, "retire": self.passes}.get(self.kind)
        if retired is not None and passes >= retired:
            return f"it is retired at PASS {retired}, which the {self.kind} adaptivity counts on"
        return None
