"""The global random generators: a call that draws from them is not a function of its inputs.

scikit-learn draws from NumPy's global generator where `random_state` is None. Whether a given
solver does is therefore *seen* (the generator's state moves) instead of being believed: `Ridge`
and `LogisticRegression` with their default solvers never draw and are reused; a forest draws and
is executed. For a few solvers the draw is made but its value never used; there, it is repeated on
a hit, so that what comes after finds the generator as a plain run would have left it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

_LIBSVM = ("SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM")
_LARGEST = int(np.iinfo("i").max)


class Mark:
    """The state of the global generators at one moment."""

    __slots__ = ("_numpy", "_python")

    def __init__(self) -> None:
        self._numpy = np.random.mtrand._rand._bit_generator.state
        self._python = random.getstate()

    def unmoved(self) -> bool:
        """Tell whether nothing was drawn since."""
        now = np.random.mtrand._rand._bit_generator.state
        return _equal(now, self._numpy) and random.getstate() == self._python

    def moved_by_one_integer(self) -> bool:
        """Tell whether exactly one ``randint`` up to the largest C int was drawn since."""
        if self._numpy["bit_generator"] != "MT19937" or random.getstate() != self._python:
            return False
        replica = np.random.RandomState()
        replica._bit_generator.state = self._numpy
        replica.randint(_LARGEST)
        now = np.random.mtrand._rand._bit_generator.state
        return _equal(now, replica._bit_generator.state)


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["bit_generator"] != other["bit_generator"] or one["bit_generator"] != "MT19937":
        return False
    first, second = one["state"], other["state"]
    return (
        first["pos"] == second["pos"]
        and bool(np.array_equal(first["key"], second["key"]))
        and one.get("has_gauss") == other.get("has_gauss")
        and one.get("gauss") == other.get("gauss")
    )


def draws_in_vain(estimator: Any) -> bool:
    """Tell whether a solver draws one integer and its result does not depend on it.

    libsvm uses its seed for probability estimates only; liblinear's primal solvers are not
    random (scikit-learn's documentation of `LinearSVC.random_state`).
    """
    cls = type(estimator)
    if not cls.__module__.startswith(("sklearn.svm.", "sklearn.linear_model.")):
        return False
    if cls.__qualname__ in _LIBSVM:
        return getattr(estimator, "probability", False) in (False, "deprecated")
    if cls.__qualname__ in ("LinearSVC", "LinearSVR"):
        return getattr(estimator, "dual", True) is False
    return False


def draw_in_vain() -> None:
    """Advance the global generator as such a solver does."""
    np.random.randint(_LARGEST)
