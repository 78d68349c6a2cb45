"""What is wrong, and where: slices, rules of the errors, problems of the split, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.problems import Problem, find_problems
from clew.debug.problems.domain import told_apart
from clew.debug.problems.find import overfitting
from clew.debug.problems.labels import label_errors
from clew.debug.reports import regression
from clew.debug.reports.parts import Part
from clew.debug.slices import Index, explanation_table, find_slices, index

_SLICES, _SLICE_ROWS, _RULES, _LABELS, _LEAST_ROWS = 10, 20, 6, 50, 80
_ALPHA = 0.01


def errors_of(one: Any) -> NDArray[np.float64]:
    """Return the error of each labelled row: 1 where it is wrong, or the squared residual."""
    if isinstance(one, regression.Judged):
        return np.asarray(one.residual**2)
    return np.asarray(one.wrong, dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What is found of the data alone, whoever the model is.

    Parameters
    ----------
    rows : Index
        The labelled rows of the part that models are judged on, by their values.
    """

    rows: Index
    problems: tuple[dict[str, Any], ...]
    shift: tuple[dict[str, Any], ...]


def split_of(parts: Mapping[str, Part], main: str, target: str, seed: int) -> Split:
    """Return what is wrong with the data: each part against the training."""
    rows = index(parts[main].rows[parts[main].labelled])
    problems: list[dict[str, Any]] = []
    shift: list[dict[str, Any]] = []
    train = parts.get("train")
    for name, other in parts.items():
        if train is None or other is train:
            continue
        problems += _problems(train, other, target if name == main else None)
        if min(len(train.rows), len(other.rows)) >= _LEAST_ROWS:
            shift.append(_shift(train, other, seed))
    return Split(rows, tuple(problems), tuple(shift))


def found(
    split: Split, parts: Mapping[str, Part], judged: Mapping[str, Any], main: str, seed: int
) -> dict[str, Any]:
    """Return slices, rules, problems, shift, and suspected labels, as plain data."""
    one, errors = judged[main], errors_of(judged[main])
    least = max(_SLICE_ROWS, len(errors) // 100)
    return {
        "slices": {
            "mean": float(errors.mean()),
            "found": [
                {"where": str(a), "rows": a.rows, "mean": a.mean, "score": a.score}
                for a in find_slices(
                    split.rows, errors, count=_SLICES, predicates=2, least_rows=least
                )
            ],
        },
        "explanation": _rules(split.rows, one, errors, seed),
        "problems": [*split.problems, *_overfit(judged, main)],
        "shift": list(split.shift),
        "label_errors": _labels(one, parts[main]),
    }


def _overfit(judged: Mapping[str, Any], main: str) -> list[dict[str, Any]]:
    train, one = judged.get("train"), judged[main]
    if train is None or train is one or isinstance(one, regression.Judged):
        return []
    return [_problem(main, a) for a in overfitting(~train.wrong, ~one.wrong, _ALPHA / 2)]


def _rules(rows: Any, one: Any, errors: NDArray[np.float64], seed: int) -> dict[str, Any]:
    """Return the explanation table of what is wrong; of numbers, of the worst tenth."""
    is_number = isinstance(one, regression.Judged)
    bad = errors > np.quantile(errors, 0.9) if is_number else errors > 0
    table = explanation_table(rows, bad.astype(float), rules=_RULES, predicates=2, seed=seed)
    return {
        "of": "the tenth with the largest errors" if is_number else "wrong answers",
        "left": table.divergence,
        "rules": [
            {"where": str(rule), "rows": rule.rows, "share": rule.mean, "learned": rule.gain}
            for rule in table.rules
        ],
    }


def _problems(train: Part, other: Part, target: str | None) -> list[dict[str, Any]]:
    names = [name for name in train.rows.columns if name in other.rows.columns]
    left, right = train.rows[names], other.rows[names]
    if target is not None and train.labelled.any():
        mine, theirs = train.labelled, other.labelled
        left = left[mine].assign(**{target: train.truth[mine]})
        right = right[theirs].assign(**{target: other.truth[theirs]})
    else:
        target = None
    # The other half of the probability of a false alarm is for over-fitting.
    found = find_problems(left, right, target=target, alpha=_ALPHA / 2)
    return [_problem(other.name, one) for one in found]


def _problem(part: str, one: Problem) -> dict[str, Any]:
    return {
        "part": part,
        "kind": one.kind,
        "columns": list(one.columns),
        "reason": one.reason,
        "p_value": one.p_value,
        "size": one.size,
    }


def _shift(train: Part, other: Part, seed: int) -> dict[str, Any]:
    names = [name for name in train.rows.columns if name in other.rows.columns]
    seen = told_apart(train.rows[names], other.rows[names], seed=seed)
    return {
        "part": other.name,
        "area": seen.area,
        "p_value": seen.p_value,
        "flag": seen.p_value < _ALPHA and seen.area > 0.55,
        "columns": [{"column": name, "carries": size} for name, size in seen.columns],
    }


def _labels(one: Any, part: Part) -> dict[str, Any] | None:
    """Return labels that are probably wrong; None where the model gives no probabilities."""
    chances = getattr(one, "chances", None)
    if chances is None:
        return None
    seen = label_errors(one.truth, chances)
    return {
        "share": seen.share,
        "count": len(seen.errors),
        "rows": [
            {
                "row": part.ids[one.rows[error.row]],
                "label": one.classes[error.given],
                "suggested": one.classes[error.suggested],
                "margin": error.margin,
            }
            for error in seen.errors[:_LABELS]
        ],
    }


def summary(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the first things to look at, one sentence each."""
    found = [
        {"kind": one["kind"], "reason": f"{one['part']}: {one['reason']}"}
        for one in document["problems"]
    ]
    for gap in document["gaps"]:
        if gap["flag"]:
            said = f"{gap['score']} is {gap['gap']:.3g} worse on {gap['part']} than on "
            found.append({"kind": "gap", "reason": said + gap["against"]})
    for one in document["shift"]:
        if one["flag"]:
            by = ", ".join(column["column"] for column in one["columns"]) or "no single column"
            said = f"{one['part']} can be told from train (area {one['area']:.2f}), by {by}"
            found.append({"kind": "domain", "reason": said})
    off = [one for one in document.get("calibration", ()) if one["off"]]
    if len(off) > 1:
        said = (
            f"{len(off)} of {len(document['calibration'])} bins of probabilities do not come true"
        )
        found.append({"kind": "calibration", "reason": said})
    slices = document["slices"]["found"]
    if slices and slices[0]["score"] > 0:
        said = f"{slices[0]['where']}: mean error {slices[0]['mean']:.3g} on {slices[0]['rows']} "
        said += f"rows, {document['slices']['mean']:.3g} on all"
        found.append({"kind": "slice", "reason": said})
    for part, differences in (document["champion"] or {}).items():
        for score, one in differences.items():
            if part == document["judged"] and score in ("accuracy", "mae"):
                worse = one["high"] < 0 if score == "accuracy" else one["low"] > 0
                if worse:
                    said = f"{score} is worse than the champion's on {part}"
                    found.append({"kind": "champion", "reason": said})
    return found
