"""The registry of rewrites: which estimators can be computed together, and how exactly.

A rewrite takes estimators of one class that differ only in the parameters it *sweeps*, fits them
on one training set together, and gives for each member what scikit-learn would have given. Its
`tolerance` is 0 where every float is the same to the last bit, else the largest relative
difference that is promised for a prediction; a search uses rewrites up to its own tolerance.

Register your own with `register`; prove it with a test against the plain estimator.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol, runtime_checkable

_BUILT_IN = (
    "bagging",
    "bayes",
    "bins",
    "boosting",
    "components",
    "discriminant",
    "encoding",
    "forest",
    "gradient",
    "histogram",
    "neighbours",
    "networks",
    "paths",
    "pruning",
    "ridge",
    "selection",
    "svm",
    "thresholds",
)


class Predictors(Protocol):
    """A fitted family of final estimators."""

    def model(self, index: int) -> Any:
        """Return member `index`, fitted: an ordinary estimator."""

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return what ``model(i).method(rows)`` gives, for each member in order."""


class Transforms(Protocol):
    """A fitted family of transformers."""

    def model(self, index: int) -> Any:
        """Return member `index`, fitted: an ordinary transformer."""

    def output(self, index: int) -> Any:
        """Return what ``member.fit_transform(X, y)`` gives for the training rows."""


@runtime_checkable
class Rewrite(Protocol):
    """How to compute a family of estimators together.

    Attributes
    ----------
    name : str
        Shown in ``cv_results_["rewrite"]``.
    classes : tuple of type
        The exact classes it understands (subclasses may do something else).
    sweeps : frozenset of str
        The parameters in which members may differ.
    tolerance : float
        0 for bit-identical results, else the promised relative difference of a prediction.
    fits_once : bool, optional
        Whether `fit` fits one estimator for all members: what that warns is given again for each.
    derive : callable, optional
        Takes a fitted member and an unfitted one, returns the latter fitted without reading rows:
        bit-identical, whatever the two sweep.
    """

    name: str
    classes: tuple[type, ...]
    sweeps: frozenset[str]
    tolerance: float

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why this family cannot be computed together, or ``""``."""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> Predictors | Transforms:
        """Fit the family; may raise, then each member is executed plainly."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which rewrites a search may use.

    Parameters
    ----------
    enabled : bool
        Whether any may be used.
    tolerance : float
        Largest declared tolerance that is accepted; 0 means bit-identical only.
    """

    enabled: bool = True
    tolerance: float = 0.0


_by_class: dict[type, list[Rewrite]] = {}
_lock = Lock()
_loaded = False


def register(rewrite: Rewrite) -> Rewrite:
    """Add a rewrite; one that is registered later is preferred. Returns it, for use as decorator.

    Examples
    --------
    >>> from clew.reuse.rewrites import register
    >>> register(MyRewrite())  # doctest: +SKIP
    """
    for cls in rewrite.classes:
        _by_class.setdefault(cls, []).insert(0, rewrite)
    return rewrite


def unregister(rewrite: Rewrite) -> None:
    """Remove a rewrite."""
    for cls in rewrite.classes:
        if rewrite in _by_class.get(cls, []):
            _by_class[cls].remove(rewrite)


def rewrites_for(cls: type, policy: Policy) -> tuple[Rewrite, ...]:
    """Return the rewrites for exactly this class that the policy allows, preferred first."""
    if not policy.enabled:
        return ()
    _load()
    return tuple(r for r in _by_class.get(cls, ()) if r.tolerance <= policy.tolerance)


def _load() -> None:
    global _loaded
    with _lock:
        if not _loaded:
            for name in _BUILT_IN:
                module = importlib.import_module(f"clew.reuse.rewrites.{name}")
                for rewrite in module.REWRITES:
                    for cls in rewrite.classes:
                        _by_class.setdefault(cls, []).append(rewrite)
            _loaded = True


class PredictorFamily:
    """Base of a fitted family whose members are copies of one fitted estimator.

    Parameters
    ----------
    full : estimator
        The fitted estimator that contains all members.
    members : sequence of estimator
        The unfitted members, in order.
    view : callable
        ``view(full, member)`` returns the fitted member.
    """

    def __init__(self, full: Any, members: Sequence[Any], view: Callable[[Any, Any], Any]) -> None:
        self.full = full
        self.members = members
        self.view = view

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self.view(self.full, self.members[index])

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's answer; a family that can do better overrides this."""
        return [getattr(self.model(i), method)(rows) for i in range(len(self.members))]
