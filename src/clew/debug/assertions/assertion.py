"""One assertion: a function over a row, a batch, or a window of time, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from clew.errors import InvalidParameter, NotFound

Row = Mapping[str, Any]
Scope = Literal["row", "batch", "window"]
Then = Literal["monitor", "correct", "abstain", "fall back"]
_SCOPES, _THENS = ("row", "batch", "window"), ("monitor", "correct", "abstain", "fall back")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What must not be wrong with answers.

    Parameters
    ----------
    name : str
        What it is called.
    function : callable
        Of scope ``row``: ``(row, answer)``, gives how wrong the answer is: 0 or False when it
        holds, True or a number above 0 when not, None where it cannot tell. Of the others:
        ``(rows, answers)``, gives one of these for each row, or one for all.
    scope : {"row", "batch", "window"}
        What it looks at together.
    key, time : str
        Of windows: the column that tells things apart, and the column of seconds.
    seconds : float
        Of windows: how long one is, from its first row on.
    then : {"monitor", "correct", "abstain", "fall back"}
        What `Suite.guard` does with an answer that violates it.
    correct : callable, optional
        Of scope ``row``: ``(row, answer)``, gives the answer to give instead. Of the others:
        ``(rows, answers)``, gives these by positions.
    """

    name: str
    function: Callable[[Any, Any], Any]
    scope: Scope = "row"
    key: str = ""
    time: str = ""
    seconds: float = 0.0
    then: Then = "monitor"
    correct: Callable[[Any, Any], Any] | None = None

    def __post_init__(self) -> None:
        if self.scope not in _SCOPES:
            raise InvalidParameter("an assertion's scope", got=self.scope, expected=str(_SCOPES))
        if self.then not in _THENS:
            raise InvalidParameter("what follows", got=self.then, expected=", ".join(_THENS))
        if self.scope == "window" and not (self.key and self.time and self.seconds > 0):
            raise InvalidParameter("a window needs key=, time= and seconds=", got=self.name)
        if self.then == "correct" and self.correct is None:
            raise InvalidParameter(f"{self.name} corrects, but has no correct= function")

    def __call__(self, rows: Any, answers: Any) -> Any:
        """Call the function itself."""
        return self.function(rows, answers)

    def scores(self, rows: Sequence[Row], answers: Sequence[Any]) -> list[float | None]:
        """Return how wrong each answer is; None where the assertion cannot tell.

        Raises
        ------
        InvalidParameter
            When the function gives a number below 0, or not one for each row.
        """
        found: list[float | None] = [None] * len(rows)
        if self.scope == "row":
            pairs = zip(rows, answers, strict=True)
            return [self._score(self.function(row, answer)) for row, answer in pairs]
        for group in self._groups(rows):
            said = self.function([rows[at] for at in group], [answers[at] for at in group])
            each = [said] * len(group) if _is_one(said) else list(said)
            if len(each) != len(group):
                raise InvalidParameter(
                    f"{self.name} gives one score for each row, or one for all",
                    got=f"{len(each)} of {len(group)} rows",
                )
            for at, score in zip(group, each, strict=True):
                found[at] = self._score(score)
        return found

    def corrections(self, rows: Sequence[Row], answers: Sequence[Any]) -> dict[int, Any]:
        """Return the answers that it proposes for rows that violate it, by position."""
        if self.correct is None:
            return {}
        wrong = {at for at, score in enumerate(self.scores(rows, answers)) if score}
        if self.scope == "row":
            return {at: self.correct(rows[at], answers[at]) for at in sorted(wrong)}
        found: dict[int, Any] = {}
        for group in self._groups(rows):
            told = self.correct([rows[at] for at in group], [answers[at] for at in group])
            found |= {group[at]: value for at, value in told.items() if group[at] in wrong}
        return found

    def _groups(self, rows: Sequence[Row]) -> list[list[int]]:
        """Return the positions of rows that are looked at together."""
        if self.scope == "batch":
            return [list(range(len(rows)))] if rows else []
        for name in (self.key, self.time):
            if rows and name not in rows[0]:
                known = ", ".join(map(str, rows[0]))
                raise NotFound(f"{self.name} needs a column", got=repr(name), expected=known)
        things = [str(row[self.key]) for row in rows]
        order = sorted(range(len(rows)), key=lambda at: (things[at], float(rows[at][self.time])))
        groups: list[list[int]] = []
        for _, positions in groupby(order, key=lambda at: things[at]):
            begun = None
            for at in positions:
                now = float(rows[at][self.time])
                if begun is None or now > begun + self.seconds:
                    groups.append([])
                    begun = now
                groups[-1].append(at)
        return groups

    def _score(self, said: Any) -> float | None:
        if said is None:
            return None
        score = float(said)
        if score != score or score < 0:
            raise InvalidParameter(
                f"{self.name} gives how wrong an answer is", got=str(said), expected="0 or more"
            )
        return score


def assertion(
    function: Callable[[Any, Any], Any] | None = None, *, name: str | None = None, **options: Any
) -> Any:
    """Make an assertion of a function: ``@clew.assertion``, ``@clew.assertion(scope="batch")``.

    Parameters
    ----------
    function : callable
        Says how wrong an answer is: see `Assertion`.
    name : str, optional
        By default the function's.
    options
        ``scope``, ``key``, ``time``, ``seconds``, ``then``, ``correct`` of `Assertion`.
    """
    if function is None:
        return lambda one: assertion(one, name=name, **options)
    called = name if name is not None else getattr(function, "__name__", "assertion")
    return Assertion(called, function, **options)


def _is_one(said: Any) -> bool:
    return said is None or not hasattr(said, "__len__")
