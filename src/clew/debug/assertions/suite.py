"""Several assertions together: what they find in answers, and what is given instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.assertions.assertion import Assertion, Row
from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What assertions found.

    Parameters
    ----------
    names : tuple of str
        The assertions.
    scores : array of shape (rows, assertions)
        How wrong each answer is; NaN where an assertion cannot tell.
    corrections : dict of int to object
        The answers that are proposed, by row; none where two assertions propose different ones.
    """

    names: tuple[str, ...]
    scores: NDArray[np.float64]
    corrections: dict[int, Any]

    @property
    def violated(self) -> NDArray[np.bool_]:
        """Which answers violate which assertion."""
        found: NDArray[np.bool_] = np.nan_to_num(self.scores) > 0
        return found

    @property
    def fired(self) -> dict[str, int]:
        """How many answers violate each assertion."""
        counts = self.violated.sum(axis=0).tolist()
        return dict(zip(self.names, counts, strict=True))

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows that violate any assertion, the worst first."""
        worst = np.nan_to_num(self.scores).max(axis=1, initial=0.0)
        found: NDArray[np.int64] = np.argsort(-worst, kind="stable")[: int((worst > 0).sum())]
        return found

    def weak_labels(self) -> dict[int, Any]:
        """Return labels that nobody gave, to learn from: the corrections, by row."""
        return dict(self.corrections)


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """Answers as they may be given.

    Parameters
    ----------
    answers : list
        Corrected, None where the suite abstains, or the fall-back's.
    changed : dict of int to str
        Of the answers that changed: the assertion by which.
    """

    answers: list[Any]
    report: Report
    changed: dict[int, str] = field(default_factory=dict)


class Suite:
    """Assertions with names of their own, in the order in which they count.

    Raises
    ------
    InvalidParameter
        When there are none, or two have the same name.
    """

    def __init__(self, assertions: Iterable[Assertion]) -> None:
        self.assertions = tuple(assertions)
        names = [one.name for one in self.assertions]
        if not names or len(set(names)) != len(names):
            raise InvalidParameter(
                "assertions with names of their own, one at least", got=", ".join(names)
            )

    def check(self, rows: Any, answers: Sequence[Any]) -> Report:
        """Return what is wrong with answers.

        Parameters
        ----------
        rows : frame, or sequence of mappings
            What was asked.
        """
        listed = rows_of(rows)
        given = list(answers)
        if len(listed) != len(given):
            raise InvalidParameter("an answer for each row", got=f"{len(given)}, {len(listed)}")
        scores = [one.scores(listed, given) for one in self.assertions]
        found = np.array([[np.nan if s is None else s for s in one] for one in scores]).T
        names = tuple(one.name for one in self.assertions)
        shape = (len(listed), len(names))
        return Report(names, found.reshape(shape).astype(float), self._proposed(listed, given))

    def guard(
        self,
        rows: Any,
        answers: Sequence[Any],
        *,
        fallback: Callable[[list[Row]], Sequence[Any]] | None = None,
    ) -> Guarded:
        """Return answers as they may be given: see ``then`` of `Assertion`.

        The first violated assertion that does more than monitor decides.

        Parameters
        ----------
        fallback : callable, optional
            Answers rows where an assertion falls back: another model's ``predict``.

        Raises
        ------
        InvalidParameter
            When an assertion falls back, and there is nothing to fall back to.
        """
        listed = rows_of(rows)
        report = self.check(listed, answers)
        found, changed, behind = list(answers), {}, []
        for at in report.rows.tolist():
            violated = report.violated[at]
            deciding = next(
                (
                    one
                    for one, is_violated in zip(self.assertions, violated, strict=True)
                    if is_violated and one.then != "monitor"
                ),
                None,
            )
            if deciding is None or (deciding.then == "correct" and at not in report.corrections):
                continue
            changed[at] = deciding.name
            if deciding.then == "fall back":
                behind.append(at)
            else:
                found[at] = report.corrections[at] if deciding.then == "correct" else None
        if behind:
            if fallback is None:
                raise InvalidParameter(f"{changed[behind[0]]} falls back", expected="fallback=")
            others = fallback([listed[at] for at in behind])
            for at, answer in zip(behind, others, strict=True):
                found[at] = answer
        return Guarded(found, report, changed)

    def _proposed(self, rows: list[Row], answers: list[Any]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        differ: set[int] = set()
        for one in self.assertions:
            for at, value in one.corrections(rows, answers).items():
                if at in found and found[at] != value:
                    differ.add(at)
                found.setdefault(at, value)
        return {at: value for at, value in found.items() if at not in differ}


def rows_of(rows: Any) -> list[Row]:
    """Return rows as mappings."""
    if hasattr(rows, "to_dict"):
        records: list[Row] = rows.to_dict("records")
        return records
    return list(rows)
