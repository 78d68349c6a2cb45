"""The scores of all parts side by side: gaps beyond chance, and the paired difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from clew.debug.reports import classification, intervals, regression

_TOLERATED, _RELATIVE, _SURE = 0.02, 0.05, 0.01


def scored(
    judged: Mapping[str, Any],
    old: Mapping[str, Any] | None,
    positive: int | None,
    alpha: float,
    seed: int,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the scores of each part, and by how much they differ from the champion's."""
    scores: dict[str, Any] = {}
    for name, one in judged.items():
        scores[name] = (
            regression.scores(one, alpha, seed)
            if isinstance(one, regression.Judged)
            else classification.scores(one, positive, alpha, seed)
        )
    if old is None:
        return scores, None
    return scores, {
        name: (
            regression.differences(one, old[name], alpha)
            if isinstance(one, regression.Judged)
            else classification.differences(one, old[name], positive, alpha)
        )
        for name, one in judged.items()
    }


def lower_is_better(score: str, task: str) -> bool:
    """Tell whether less of a score is better."""
    if task == "regression":
        return score not in regression.HIGHER
    return score in classification.LOWER


def gaps(scores: Mapping[str, Any], task: str, alpha: float) -> list[dict[str, Any]]:
    """Return where a part's score is worse than the training's, beyond chance and by much.

    Shares by more than two points, other scores by more than a twentieth.
    """
    first = next(iter(scores))
    found = []
    for name in list(scores)[1:]:
        for score, here in scores[name].items():
            known = scores[first].get(score)
            if known is None:
                continue
            sign = 1 if lower_is_better(score, task) else -1
            gap = sign * (here["value"] - known["value"])
            spread = math.hypot(intervals.error_of(here, alpha), intervals.error_of(known, alpha))
            much = _RELATIVE * abs(known["value"]) if sign > 0 else _TOLERATED
            surely = gap > intervals.quantile(2 * _SURE) * spread
            found.append(
                {
                    "score": score,
                    "part": name,
                    "against": first,
                    "gap": gap,
                    "flag": bool(surely and gap > much),
                }
            )
    return found
