"""Running a family on a fold: one rewrite computes all members, each is scored on its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from clew.select.cutoff import Twins
from clew.select.heard import Level, for_all
from clew.select.plan import Group, Member
from clew.select.randomness import Unseeded
from clew.select.rows import Rows
from clew.select.score import methods_of, needs_pipeline
from clew.select.study import stage_params

if TYPE_CHECKING:
    from clew.select.execute import Fold


class FamilyRun:
    """One family on one fold; whatever it cannot do is left to plain execution.

    Parameters
    ----------
    fold : Fold
        The fold.
    group : Group
        The family with its rewrite.
    rows : Rows
        Input rows.
    path : tuple of estimator
        Fitted stages above.
    spent_s : float
        Seconds that one configuration owes for the stages above.
    twins : Twins or None
        Members of the same level by the values that they gave.
    """

    def __init__(
        self,
        fold: Fold,
        group: Group,
        rows: Rows,
        path: tuple[Any, ...],
        spent_s: float,
        twins: Twins | None,
    ) -> None:
        self._twins = twins
        self._fold, self._group, self._rows = fold, group, rows
        self._path, self._spent_s = path, spent_s
        self.refusal = ""

    @property
    def indices(self) -> list[int]:
        """Indices of the configurations of the family."""
        return [index for member in self._group.members for index in member.indices]

    def run(self) -> bool:
        """Compute the family; return False (with nothing kept) when it must run plainly."""
        rewrite = self._group.rewrite
        stage = self._group.members[0].stage
        if rewrite is None:
            return False
        if stage_params(self._fold.fit_params, stage):
            self.refusal = f"not by {rewrite.name}: the fit takes parameters"
            return False
        started = time.perf_counter()
        told: list[Level] = []
        try:
            once = getattr(rewrite, "fits_once", False)  # its warnings are those of one fit
            users = self._configurations() if once else 1
            fitted = for_all(lambda: self._fold.watched(stage, self._fit), users, told)
        except Unseeded:
            return False
        except Exception:  # a member that would fail alone must not fail the others
            return False
        if fitted is None:
            return False
        cost_s = (time.perf_counter() - started) / self._configurations()
        if not once and told != [()]:
            told = [None]  # whose warnings these are is not known
        go_on = self._final if self._group.final else self._inner
        return go_on(fitted, cost_s, told)

    def _fit(self) -> Any:
        members = [clone(m.stage.estimator) for m in self._group.members]
        X, y = self._rows.fitting.take(), self._fold.y.take()
        rewrite = self._group.rewrite
        if rewrite is None:
            return None
        if why := rewrite.refuse(members, X, y):
            self.refusal = f"not by {rewrite.name}: {why}"
            return None
        return rewrite.fit(members, X, y)

    def _configurations(self) -> int:
        return sum(len(m.configurations) for m in self._group.members)

    def _inner(self, fitted: Any, cost_s: float, told: list[Level]) -> bool:
        self._fold.outcome.tally.transforms += 1
        for index, member in enumerate(self._group.members):
            share = self._spent_s + cost_s
            output = fitted.output(index)
            above = (self._rows, self._path, fitted.model(index), output, share, list(told))
            self._fold.below(member, *above, self._twins, self._group.rewrite)
        return True

    def _final(self, fitted: Any, cost_s: float, told: list[Level]) -> bool:
        asking: list[Level] = []
        answers = for_all(lambda: self._answers(fitted), 1, asking)
        if answers is None:
            return False
        told = told if asking == [()] else [None]
        self._fold.outcome.tally.fits += 1
        for index, member in enumerate(self._group.members):
            self._score(index, member, fitted, answers, self._spent_s + cost_s, told)
        return True

    def _score(
        self,
        index: int,
        member: Member,
        fitted: Any,
        answers: _Known,
        fit_s: float,
        told: list[Level],
    ) -> None:
        rewrite = self._group.rewrite
        assert rewrite is not None
        test, seen = answers
        known = (_column(test, index), _column(seen, index))
        model = fitted.model(index)
        for configuration in member.configurations:
            record = self._rows.record(rewrite)
            above = (self._rows, self._path, fit_s, record, told, known)
            self._fold.score(configuration, model, *above)

    def _answers(self, fitted: Any) -> _Known | None:
        """Return the members' answers for test and training rows, by method."""
        scorer = self._fold.study.scorer
        if needs_pipeline(scorer):
            return ({}, {})
        methods = methods_of(scorer, fitted.model(0))
        if methods is None:
            return ({}, {})
        try:
            test = {m: fitted.answers(m, self._rows.test.take()) for m in methods}
            seen = {}
            if self._fold.study.return_train_score:
                seen = {m: fitted.answers(m, self._rows.seen.take()) for m in methods}
        except Exception:  # members report their own failure when they are asked plainly
            return None
        return (test, seen)


_Known = tuple[dict[str, Sequence[Any]], dict[str, Sequence[Any]]]


def _column(answers: dict[str, Sequence[Any]], index: int) -> dict[str, Any] | None:
    return {method: values[index] for method, values in answers.items()} or None
