"""Whether a canary is worse than the champion: in errors, in latency, or in what it earned.

It is judged when `Canary.least` of its requests were answered, and again at every doubling. The
risk is shared out over the judgements as 6 / (π² k²) for the k-th, which sums to one, and evenly
over the three questions of each: so all of them together stop a canary that is not worse with at
most the probability `Canary.risk`, as far as each test keeps its own (Fisher's is exact; the two of
means rest on the normal distribution, and count one failure and one success more than there were).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from clew.serve.deployment.config import Canary
from clew.serve.deployment.meter import Counted

_QUESTIONS = 3
_LEAST_S = 0.002
"""Latencies that differ by less than this are no reason."""


def due(canary: Canary, requests: int) -> int:
    """Return the number of the judgement that is due after so many requests; 0: none yet."""
    return 0 if requests < canary.least else 1 + int(math.log2(requests / canary.least))


def verdict(
    canary: Canary,
    judgement: int,
    champion: Counted,
    tried: Counted,
    earned: tuple[Sequence[float], Sequence[float]],
) -> str:
    """Return why the canary is to be stopped; "" when it is not.

    Parameters
    ----------
    judgement : int
        Which one this is, from 1.
    champion, tried : Counted
        What the champion and the canary did.
    earned : pair of sequence of float
        Number, sum and sum of squares of the rewards of both, the champion's first.
    """
    risk = canary.risk * 6 / (math.pi * judgement) ** 2 / _QUESTIONS
    wrong = (champion.errors, champion.requests + champion.errors)
    more = (tried.errors, tried.requests + tried.errors)
    if more[0] and fisher(wrong, more) < risk:
        return f"it fails more often: {_share(more)} against {_share(wrong)}"
    if slower(champion, tried, canary.slower) < risk:
        return (
            f"it is slower: {_typical_s(tried) * 1e3:.1f} ms against "
            f"{_typical_s(champion) * 1e3:.1f} ms"
        )
    if min(earned[0][0], earned[1][0]) >= canary.least and lower(*earned) < risk:
        means = [rewards[1] / rewards[0] for rewards in earned]
        return f"it earns less: {means[1]:.3f} against {means[0]:.3f}"
    return ""


def fisher(few: tuple[int, int], many: tuple[int, int]) -> float:
    """Return the probability of so many failures of the second or more, were both alike.

    Parameters
    ----------
    few, many : tuple of int
        Failures and tries of the first and the second.
    """
    failures, tries = few[0] + many[0], few[1] + many[1]
    if not tries:
        return 1.0
    whole = _log_choose(tries, failures)
    total = 0.0
    for count in range(many[0], min(failures, many[1]) + 1):
        if failures - count <= few[1]:
            total += math.exp(
                _log_choose(many[1], count) + _log_choose(few[1], failures - count) - whole
            )
    return min(total, 1.0)


def slower(champion: Counted, tried: Counted, factor: float) -> float:
    """Return the probability of such latencies, were the canary's at most `factor` times as long.

    Means of logarithms are compared: half of the requests take longer than `_typical_s`.
    """
    if min(champion.requests, tried.requests) < 2:
        return 1.0
    if _typical_s(tried) < _typical_s(champion) + _LEAST_S:
        return 1.0
    means = [one.log_sum / one.requests for one in (champion, tried)]
    errors = [
        (one.log_square / one.requests - mean * mean) / (one.requests - 1)
        for one, mean in zip((champion, tried), means, strict=True)
    ]
    return _above(means[1] - means[0] - math.log(factor), sum(errors))


def lower(champion: Sequence[float], tried: Sequence[float]) -> float:
    """Return the probability of such rewards, were the canary's mean not lower.

    One reward of 0 and one of 1 are added to both, so that few equal ones prove nothing.
    """
    means, errors = [], []
    for number, total, squares in (champion, tried):
        n, mean = number + 2, (total + 1) / (number + 2)
        means.append(mean)
        errors.append(max((squares + 1) / n - mean * mean, 0.0) / (n - 1))
    return _above(means[0] - means[1], sum(errors))


def _above(difference: float, variance: float) -> float:
    if variance <= 0:
        return 0.0 if difference > 0 else 1.0
    return NormalDist().cdf(-difference / math.sqrt(variance))


def _typical_s(counted: Counted) -> float:
    return math.exp(counted.log_sum / max(counted.requests, 1))


def _share(failures: tuple[int, int]) -> str:
    return f"{failures[0]} of {failures[1]} requests"


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
