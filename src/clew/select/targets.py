"""Targets of least squares: what is solved for, and what the solution's predictions mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from clew.reuse.rewrites.affine import NotAffine

Array = np.ndarray[Any, Any]
_MARGIN = 64.0


@dataclass(frozen=True, slots=True)
class Targets:
    """What one linear model is solved for.

    Parameters
    ----------
    values : array of shape (n_rows,) or (n_rows, n_targets)
        Numbers.
    classes : array of shape (n_classes,), optional
        Labels of a classifier.
    codes : array of shape (n_rows,), optional
        Number of each row's class.
    """

    values: Array
    classes: Array | None = None
    codes: Array | None = None

    def check(self, train: Array) -> None:
        """Require every class among some training rows.

        Raises
        ------
        NotAffine
            When one is missing: scikit-learn then solves for fewer targets.
        """
        if self.classes is None or self.codes is None:
            return
        if len(np.unique(self.codes[train])) < len(self.classes):
            raise NotAffine("a class is missing among the training rows")

    def answer(self, raw: Array, bound: float) -> Array | None:
        """Return what `predict` gives; None where an error of `bound` could change a class."""
        if self.classes is None:
            return raw
        if raw.ndim == 1:
            numbers, gaps = (raw > 0).astype(int), np.abs(raw)
        else:
            numbers = raw.argmax(axis=1)
            top = np.partition(raw, -2, axis=1)[:, -2:]
            gaps = top[:, 1] - top[:, 0]
        clear = bool((gaps > _MARGIN * np.sqrt(len(raw)) * bound).all())
        return self.classes[numbers] if clear else None


def targets_of(model: Any, y: Any) -> Targets:
    """Return the targets of a model.

    Raises
    ------
    NotAffine
        When they are of a kind that is not understood.
    """
    found = np.asarray(y)
    if is_classifier(model):
        if found.ndim != 1 or found.dtype.kind not in "biuUSO":
            raise NotAffine("the target is not one column of labels")
        classes, codes = np.unique(found, return_inverse=True)
        if len(classes) < 2:
            raise NotAffine("there is one class only")
        signs = np.where(codes[:, None] == np.arange(len(classes)), 1.0, -1.0)
        return Targets(signs[:, 1] if len(classes) == 2 else signs, classes, codes)
    if found.ndim not in (1, 2) or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise NotAffine("the target is not made of numbers")
    return Targets(found.astype(np.float64))
