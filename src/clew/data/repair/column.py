"""What each row's value in one column probably is: a factor model with marginals.

The values that a row may have are those that stand beside its other values, and texts near its
own. Their probability is the share of a value, times what each group of like rows says, to the
power of a weight, times how easily an error makes the value that stands there. The weights are
those under which the table is most likely; HoloClean (Rekatsinas, Chu, Ilyas, Ré, PVLDB 10(11),
2017, sections 4 and 5) learns its factor graph so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clew.data.repair.channel import Channel
from clew.data.repair.coded import Coded, Codes
from clew.data.repair.evidence import Counts, exceptions, groups_of, support, together
from clew.data.repair.spelling import Mistakes

Numbers = NDArray[np.float64]
_BESIDE, _NEAR = 3, 3
_LEARNT = 1_000
_MOST_WEIGHT, _PENALTY = 2.0, 0.01
_STARTS, _STEPS = ((0.02, 2.0), (2.0, 1.0)), 3
_SMOOTH = (0.02, 0.1, 0.5, 2.0, 10.0, 50.0)
_NONE = -1e30


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """What rows may have, and how probable each is.

    Parameters
    ----------
    rows : array of int64, shape (n,)
    codes : array of int64, shape (n, n_candidates)
        -1 where there are fewer.
    probability : array of float, shape (n, n_candidates)
        Sums to 1 in each row.
    """

    rows: Codes
    codes: Codes
    probability: Numbers

    def of(self, codes: Codes) -> Numbers:
        """Return the probability of one code for each row."""
        same = (self.codes == codes[:, None]) & (self.codes >= 0)
        return np.asarray((self.probability * same).sum(axis=1))

    def best(self) -> tuple[Codes, Numbers]:
        """Return the most probable code of each row, and its probability."""
        at = self.probability.argmax(axis=1)
        rows = np.arange(len(at))
        return self.codes[rows, at], self.probability[rows, at]


@dataclass(slots=True, eq=False)
class Column:
    """One column under repair.

    Parameters
    ----------
    coded : Coded
    given : sequence of tuple of str
        Sets of other columns that say something of it.
    """

    coded: Coded
    given: Sequence[tuple[str, ...]]
    mistakes: Mistakes
    channel: Channel = field(init=False)
    weights: Numbers = field(init=False)
    smooth: list[float] = field(init=False)
    error: float = field(default=0.02, init=False)
    typed: float = field(default=0.5, init=False)
    learnt: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.channel = Channel(self.coded.texts, self.mistakes)
        self.smooth = [0.5] * len(self.given)
        self.weights = np.full(len(self.given), 1.0 / max(1, len(self.given)))

    def judge(
        self, columns: Mapping[str, Codes], rows: Codes, *, learn: bool, random: np.random.Generator
    ) -> Beliefs:
        """Return what rows may have, by what the table holds now.

        Parameters
        ----------
        columns : mapping of name to array of int64, shape (n_rows,)
            The codes that are believed now.
        rows : array of int64, shape (n,)
            Which to judge.
        learn : bool
            Whether weights and shares of errors are learnt anew, from some of the rows.
        """
        now = columns[self.coded.name]
        share = np.bincount(now[now >= 0], minlength=len(self.coded.values))
        near = self.channel.near(share, _NEAR)
        counted = [
            Counts(groups_of(columns, names), now, len(self.coded.values)) for names in self.given
        ]
        for names, one in zip(self.given, counted, strict=True):
            one.groups[exceptions(one, self.coded.codes, columns, {*names, self.coded.name})] = -1
        if learn:
            known = np.flatnonzero(self.coded.codes >= 0)
            some = random.permutation(known)[:_LEARNT]
            self._learn(now, share, near, counted, some)
        codes, prior, seen = self._terms(now, share, near, counted, rows)
        return Beliefs(rows, codes, self._posterior(codes, prior, seen, rows))

    def _terms(
        self, now: Codes, share: Codes, near: Codes, counted: Sequence[Counts], rows: Codes
    ) -> tuple[Codes, list[Numbers], tuple[Numbers, Numbers]]:
        """Return candidates, the log-terms of their prior, and those of what is seen."""
        seen, own = self.coded.codes[rows], now[rows]
        parts = [seen[:, None], own[:, None], near[seen]]
        for counts in counted:
            most = counts.most(_BESIDE)
            beside = most[counts.groups[rows]] if len(most) else np.full((len(rows), 1), -1)
            parts.append(np.where(counts.groups[rows][:, None] >= 0, beside, -1))
        codes = np.sort(np.concatenate(parts, axis=1), axis=1)[:, ::-1]
        codes[:, 1:] = np.where(codes[:, 1:] == codes[:, :-1], -1, codes[:, 1:])
        codes = np.ascontiguousarray(np.sort(codes, axis=1)[:, ::-1])
        codes = np.concatenate([codes, np.full((len(codes), 1), -1)], axis=1)
        # The last place stands for all other values: those that nothing speaks for.
        codes = codes[:, : 1 + max(1, int((codes >= 0).sum(axis=1).max(initial=1)))]
        mistyped = self._mistyped(share, near)
        base = np.where(codes >= 0, self._share(share, mistyped, codes, own), 0.0)
        base[:, -1] = np.maximum(1.0 - base.sum(axis=1), 1e-9)
        base = np.maximum(base, 1e-300)
        said = [
            support(one, one.groups[rows], own, codes, base, smooth)
            for one, smooth in zip(counted, self.smooth, strict=True)
        ]
        typed = self.channel.typed(np.broadcast_to(seen[:, None], codes.shape), codes)
        other = np.log(self._share(share, mistyped, seen[:, None], own))
        return codes, [np.log(base), *said], (typed, np.broadcast_to(other, codes.shape))

    def _share(self, share: Codes, mistyped: Numbers, codes: Codes, own: Codes) -> Numbers:
        """Return the share of values among the other rows; by its text if no other has it."""
        total = max(1, int(share.sum()))
        once = 1.0 + float((share == 1).sum())
        novel = np.exp(np.maximum(self.channel.novel, -600.0))
        numbers = np.maximum(share - mistyped, 0.0)
        same = codes == own[:, None]
        return together(numbers[codes], once * novel[codes], same) / total

    def _mistyped(self, share: Codes, near: Codes) -> Numbers:
        """Return how many of the rows with each value typing mistakes in others may account for."""
        values = np.broadcast_to(np.arange(len(share))[:, None], near.shape)
        typed = np.exp(self.channel.typed(values, near)) * (near >= 0)
        expected = self.error * self.typed * (typed * share[near]).sum(axis=1)
        return np.asarray(expected + 2 * np.sqrt(expected))

    def _posterior(
        self, codes: Codes, prior: list[Numbers], seen: tuple[Numbers, Numbers], rows: Codes
    ) -> Numbers:
        total = self._prior(prior, self.weights) + self._seen(codes, seen, rows)[0]
        return _softmax(np.where(codes >= 0, total, _NONE))

    @staticmethod
    def _prior(prior: list[Numbers], weights: Numbers) -> Numbers:
        total = prior[0].copy()
        for weight, said in zip(weights, prior[1:], strict=True):
            if weight:
                total += weight * said
        return total

    def _seen(
        self, codes: Codes, seen: tuple[Numbers, Numbers], rows: Codes
    ) -> tuple[Numbers, Numbers]:
        """Return the log-probability of the value that stands there, and its typing mistakes."""
        typed = np.log(self.error * self.typed) + seen[0]
        other = np.log(self.error * (1 - self.typed)) + seen[1]
        same = codes == self.coded.codes[rows][:, None]
        wrong = np.logaddexp(typed, other)
        return np.where(same, np.log1p(-self.error), wrong), np.exp(typed - wrong)

    def _learn(
        self, now: Codes, share: Codes, near: Codes, counted: Sequence[Counts], rows: Codes
    ) -> None:
        """Go on from what was learnt before; the first time, from trust and from mistrust.

        Expectation and maximisation end where they began to look: many errors in a column that
        follows from others, or few in one that does not. The more likely of both is kept.
        """
        starts = [(self.weights, self.smooth, self.error, self.typed)]
        if not self.learnt and counted:
            for smooth, total in _STARTS:
                weights = np.full(len(counted), total / len(counted))
                starts.append((weights, [smooth] * len(counted), 0.05, 0.5))
            del starts[0]
        found = []
        for weights, smooths, error, typed in starts:
            self.weights, self.smooth, self.error, self.typed = weights, list(smooths), error, typed
            likely = self._improve(now, share, near, counted, rows)
            found.append((likely, (self.weights, self.smooth, self.error, self.typed)))
        _, best = max(found, key=lambda one: one[0])
        self.weights, self.smooth, self.error, self.typed = best
        self.learnt = True

    def _improve(
        self, now: Codes, share: Codes, near: Codes, counted: Sequence[Counts], rows: Codes
    ) -> float:
        codes, prior, seen = self._terms(now, share, near, counted, rows)
        there, base, own = codes >= 0, np.exp(prior[0]), now[rows]
        possible = there.copy()
        possible[:, -1] = True
        same = codes == self.coded.codes[rows][:, None]
        likelihood = 0.0
        for _ in range(_STEPS):
            likely, mistakes = self._seen(codes, seen, rows)
            joint = np.where(there, self._prior(prior, self.weights) + likely, _NONE)
            belief = _softmax(joint)
            wrong = belief * ~same
            self.error = float(min(0.3, (wrong.sum() + 2.0) / (len(rows) + 100.0)))
            self.typed = float(((wrong * mistakes).sum() + 1.0) / (wrong.sum() + 2.0))
            for place, one in enumerate(counted):
                said = [
                    support(one, one.groups[rows], own, codes, base, smooth) for smooth in _SMOOTH
                ]
                best = int(np.argmax([(belief * each).sum() for each in said]))
                self.smooth[place], prior[place + 1] = _SMOOTH[best], said[best]
            if counted:
                self._weigh(np.stack(prior[1:], axis=-1), prior[0], possible, belief)
        likely, _ = self._seen(codes, seen, rows)
        before = self._prior(prior, self.weights)
        likelihood = (
            _total(np.where(there, before + likely, _NONE))
            - _total(np.where(possible, before, _NONE))
        ).sum()
        return float(likelihood)

    def _weigh(
        self, features: Numbers, base: Numbers, there: NDArray[np.bool_], belief: Numbers
    ) -> None:
        from scipy.optimize import minimize

        scale = 1.0 / len(belief)

        def loss(weights: Numbers) -> tuple[float, Numbers]:
            total = np.where(there, base + features @ weights, _NONE)
            norm = _total(total)[:, None]
            value = -(belief * np.where(there, total - norm, 0.0)).sum()
            slope = ((np.exp(total - norm) - belief)[..., None] * features).sum(axis=(0, 1))
            return (
                value * scale + _PENALTY * (weights**2).sum(),
                slope * scale + 2 * _PENALTY * weights,
            )

        found = minimize(
            loss,
            self.weights,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, _MOST_WEIGHT)] * len(self.weights),
            options={"maxiter": 15},
        )
        self.weights = np.asarray(found.x)


def _total(logs: Numbers) -> Numbers:
    most = logs.max(axis=1)
    return np.asarray(most + np.log(np.exp(logs - most[:, None]).sum(axis=1)))


def _softmax(total: Numbers) -> Numbers:
    grown = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
