"""What a table is like, in a few numbers: tables that are alike want similar configurations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clew.select.automl.columns import LEFT_OUT
from clew.select.automl.worker import Material

Profile = dict[str, float]

_NEAR = 1.0


def profile_of(material: Material) -> Profile:
    """Return the profile of a table and its targets.

    A subset of the meta-features of Feurer et al. (NeurIPS 2015, supplement, table 1): those that
    cost nothing beside a fit. Counts are decadic logarithms, the rest lies between 0 and 1.
    """
    used = [column for column in material.columns if column.kind not in LEFT_OUT]
    kinds = [column.kind for column in used]
    frame, y = material.frame, material.y
    distinct = np.unique(y, return_counts=True)[1] / len(y)
    numbers = material.task.kind == "regression"
    return {
        "log_rows": float(np.log10(len(frame))),
        "log_columns": float(np.log10(len(used))),
        "categories": kinds.count("category") / len(used),
        "texts": kinds.count("text") / len(used),
        "dates": kinds.count("date") / len(used),
        "missing": float(np.mean([frame[column.name].isna().mean() for column in used])),
        "log_classes": 0.0 if numbers else float(np.log10(len(distinct))),
        "rarest": 0.0 if numbers else float(distinct.min()),
        "spread": _beyond(y) if numbers else 0.0,
    }


def _beyond(y: np.ndarray) -> float:
    """Return the share of targets further than two standard deviations from the mean."""
    return float((np.abs(y - y.mean()) > 2 * y.std()).mean())


def distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the sum of differences; infinite between profiles that have other names."""
    if set(one) != set(other):
        return np.inf
    return float(sum(abs(one[name] - other[name]) for name in one))


def are_near(apart: float) -> bool:
    """Tell whether a distance is so small that configurations may do well on both.

    Ten times as many rows, or all columns of another kind, are too far.
    """
    return apart < _NEAR
