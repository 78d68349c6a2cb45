"""How good an answer was, once the truth is known."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clew.errors import InvalidParameter

EXPECTED = "auto, accuracy, probability, within:TOLERANCE, given, or MODULE:FUNCTION"


@dataclass(frozen=True, slots=True)
class Judged:
    """An arm's answer to one row.

    Parameters
    ----------
    probabilities : mapping of label to float, or None
        Where the arm gave them.
    """

    answer: Any
    probabilities: Mapping[Any, float] | None
    row: Mapping[str, Any]


Reward = Callable[[Any, Judged], float | None]
"""Gives the reward of an answer from the truth, from 0 to 1; None where it cannot say."""


def named(name: str, *, classifies: bool) -> Reward:
    """Return the reward of a name.

    Parameters
    ----------
    classifies : bool
        Whether the model's answers are labels: decides ``auto``.

    Raises
    ------
    InvalidParameter
        When there is none of that name.
    """
    if name == "auto":
        name = "accuracy" if classifies else "given"
    if name in _PLAIN:
        return _PLAIN[name]
    kind, colon, rest = name.partition(":")
    if kind == "within" and colon:
        return _within(rest)
    if colon and rest:
        return _own(kind, rest)
    raise InvalidParameter("reward", got=repr(name), expected=EXPECTED)


def _accuracy(truth: Any, judged: Judged) -> float:
    return float(truth == judged.answer)


def _probability(truth: Any, judged: Judged) -> float | None:
    if judged.probabilities is None:
        return None
    return min(max(float(judged.probabilities.get(truth, 0.0)), 0.0), 1.0)


_PLAIN: Mapping[str, Reward] = {
    "accuracy": _accuracy,
    "probability": _probability,
    "given": lambda truth, judged: None,
}


def _within(text: str) -> Reward:
    try:
        tolerance = float(text)
    except ValueError:
        tolerance = -1.0
    if not tolerance > 0:
        raise InvalidParameter(
            "reward", got=f"'within:{text}'", expected="within: and a number above 0"
        )

    def within(truth: Any, judged: Judged) -> float | None:
        try:
            return float(abs(float(truth) - float(judged.answer)) <= tolerance)
        except (TypeError, ValueError):
            return None

    return within


def _own(module: str, function: str) -> Reward:
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise InvalidParameter(
            "reward", got=f"{module}:{function}: {error}", expected=EXPECTED
        ) from None
    if not callable(found):
        raise InvalidParameter("reward", got=f"{module}:{function}", expected="a function")

    def own(truth: Any, judged: Judged) -> float:
        given = float(found(truth, judged.answer, dict(judged.row)))
        if not 0 <= given <= 1:
            raise InvalidParameter(
                f"reward of {module}:{function}", got=str(given), expected="0 to 1"
            )
        return given

    return own
