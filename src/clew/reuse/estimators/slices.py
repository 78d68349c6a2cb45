"""Slices by lineage: `X[train]` is named by X and the index, without reading its content."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

from clew.errors import Unhashable
from clew.lineage.canonical import Digest
from clew.reuse.estimators.checks import package_of
from clew.reuse.estimators.classes import is_user_class
from clew.reuse.estimators.copying import copies_on_write
from clew.reuse.estimators.describe import is_data
from clew.reuse.estimators.identity import name, scalar_bytes, size_of
from clew.reuse.estimators.policies import passes_through
from clew.reuse.estimators.record import record_slice
from clew.reuse.estimators.results import private
from clew.reuse.estimators.session import Session, current

_LEAST_BYTES = 4_096
_SPLITTERS = ("sklearn.utils.metaestimators", "sklearn.model_selection", "sklearn.calibration")
_SPLIT = "sklearn.utils.metaestimators"
_FITTING = frozenset({"_fit_and_score", "_fit_and_predict", "_permutation_test_score"})
"""Who cuts training and test rows, in the same thread, and fits next."""

_originals: list[tuple[Any, Any]] = []


def install() -> None:
    """Hook `_safe_indexing` in every module that imported it."""
    from sklearn.utils import _indexing

    original = _indexing._safe_indexing

    def _safe_indexing(X: Any, indices: Any, *, axis: int = 0) -> Any:
        session = current()
        if session is None or indices is None:
            return original(X, indices, axis=axis)
        frame = sys._getframe(1)
        caller = frame.f_globals.get("__name__", "")
        found = slice_id(session, X, indices, axis, read=caller.startswith(_SPLITTERS))
        if found is None:
            return original(X, indices, axis=axis)
        made, parent = found
        out = _sliced(session, original, made, (X, indices, axis))
        straight = caller == _SPLIT and _goes_straight(session, frame)
        if straight:  # the other rows are cut next: the parent need not be read again
            session.vouch(X, parent)
        if out is not X and size_of(out) >= _LEAST_BYTES and not _views(out, X):
            if straight:
                session.vouch(out, made, fresh=True)
            else:
                session.identities.remember(out, made)
        return out

    for module in list(sys.modules.values()):
        inside = getattr(module, "__name__", "").startswith("sklearn.")
        if inside and vars(module).get("_safe_indexing") is original:
            _originals.append((module, original))
            module._safe_indexing = _safe_indexing  # type: ignore[attr-defined]


def remove() -> None:
    """Put `_safe_indexing` back."""
    while _originals:
        module, original = _originals.pop()
        module._safe_indexing = original


def slice_id(
    session: Session, X: Any, indices: Any, axis: int, *, read: bool
) -> tuple[Digest, Digest] | None:
    """Return the ids of a slice and of its parent, or None where it is not worth one.

    Parameters
    ----------
    read : bool
        Whether the parent's content may be read to name it: it is sliced again and again.
    """
    if not is_data(X) and not isinstance(X, list):
        return None
    if size_of(X) < _LEAST_BYTES:
        return None
    try:
        parent = session.id_of(X) if read else session.identities.known(X)
        if parent is None:
            return None
        index = scalar_bytes(indices) or _index_id(session, indices)
    except Unhashable:
        return None
    made = name("slice", parent, index, b"%d" % axis)
    record_slice(session, made, (X, parent), (indices, index), axis)
    return made, parent


def _index_id(session: Session, indices: Any) -> bytes:
    if not isinstance(indices, slice):
        return session.id_of(indices)
    parts = [_bound(part) for part in (indices.start, indices.stop, indices.step)]
    return name("slice-bounds", *parts)


def _bound(part: Any) -> bytes:
    """Return the encoding of where a slice begins, ends, or how it steps.

    Raises
    ------
    Unhashable
        When it is no plain number or name.
    """
    found = scalar_bytes(int(part) if isinstance(part, np.integer) else part)
    if found is None:
        raise Unhashable("a slice of labels that have no encoding")
    return found


def _sliced(session: Session, original: Any, made: Digest, call: tuple[Any, Any, int]) -> Any:
    X, indices, axis = call
    entry = session.shelf.get(made)
    if entry is not None:
        out = private(entry.value)
    else:
        out = original(X, indices, axis=axis)
        if _is_table(out) and session.sliced.get(made, 0) == 1:
            session.shelf.put(made, private(out), 1e-9 * size_of(out), size_of(out))
        session.sliced[made] = session.sliced.get(made, 0) + 1
    session.statistics.slices += 1
    return out


def _goes_straight(session: Session, split: FrameType) -> bool:
    """Tell whether no code of the user's can run before the slices reach a call that is hooked."""
    if split.f_back is None or split.f_back.f_code.co_name not in _FITTING:
        return False  # a learning curve fits in parts, which is not hooked
    estimator = split.f_locals.get("estimator")
    if estimator is None or is_user_class(type(estimator)) or passes_through(estimator, "fit"):
        return False
    hooked = hasattr(getattr(type(estimator), "fit", None), "__clew_hooked__")
    if not hooked or "fit" in vars(estimator):
        return False
    return not any(hasattr(frame.estimator, "_skl_callbacks") for frame in session.frames())


def _is_table(value: Any) -> bool:
    """Tell whether a shallow copy is private: pandas copies on write."""
    return copies_on_write() and package_of(value) == "pandas"


def _views(out: Any, X: Any) -> bool:
    """Tell whether a slice shares memory with its parent, which then may change under it."""
    both = isinstance(out, np.ndarray) and isinstance(X, np.ndarray)
    return both and np.may_share_memory(out, X)
