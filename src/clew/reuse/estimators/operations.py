"""Operations inside estimators that are shared, where a pinned source says exactly what they do.

A ridge regression centres its data and forms `XᵀX` and `Xᵀy` before the penalty comes in. Where
the functions' sources are those that were read when this was written, these parts are named by
the fit's inputs and the parameters that they depend on, and computed once for all penalties: the
same Cholesky factorisation of the same matrix follows, so coefficients agree to the last bit.
Any other source, and nothing is shared.
"""

from __future__ import annotations

import functools
import inspect
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from blake3 import blake3

from clew.lineage.canonical import Digest
from clew.reuse.estimators.classes import class_id
from clew.reuse.estimators.copying import copy_array
from clew.reuse.estimators.identity import name, size_of
from clew.reuse.estimators.policies import only_reads
from clew.reuse.estimators.session import Frame, Session, current

_LATE = frozenset({"alpha", "max_iter", "tol", "random_state"})
"""Parameters of a ridge regression that come in after centring."""

_SOLVERS = frozenset({"auto", "cholesky", "svd", "lsqr", "sparse_cg"})
_SOURCES = {
    "sklearn.linear_model._ridge": {
        "_preprocess_data": "b53860a771a59ae1c5f1",
        "_ridge_regression": "8ca81c50ba89cea1eae1",
        "_solve_cholesky": "42406a2188c7fba3a3bc",
        "_BaseRidge.fit": "cba3e331467498536b56",
        "safe_sparse_dot": "a84592b4817d2a7df5ac",
    },
    "sklearn.utils.validation": {"_assert_all_finite": "efa5f157745a721b2c71"},
}
_originals: list[tuple[Any, str, Any]] = []


def install() -> None:
    """Put the shared operations in place, module by module, where the sources match."""
    import sklearn.linear_model._ridge as ridge
    import sklearn.utils.validation as validation

    if is_pinned(validation):
        _put(validation, "_assert_all_finite", _finite_once)
    if is_pinned(ridge):
        _put(ridge, "_preprocess_data", _centred_once)
        _put(ridge, "safe_sparse_dot", _product_once)


def remove() -> None:
    """Put the library's own functions back."""
    while _originals:
        module, attribute, original = _originals.pop()
        setattr(module, attribute, original)


def is_pinned(module: Any) -> bool:
    """Tell whether the functions of a module have the sources that this file was written for."""
    return all(
        source_digest(module, path) == pinned for path, pinned in _SOURCES[module.__name__].items()
    )


def source_digest(module: Any, path: str) -> str:
    """Return the digest of a function's source ("" where it cannot be read)."""
    found = module
    for part in path.split("."):
        found = getattr(found, part, None)
    try:
        function = inspect.unwrap(found)
    except ValueError:
        return ""
    code = getattr(function, "__code__", None)
    return "" if code is None else _digest_of(code)


@functools.cache
def _digest_of(code: types.CodeType) -> str:
    """Return the digest of what a code object was compiled from: reading it takes a while."""
    try:
        source = inspect.getsource(code)
    except (OSError, TypeError):
        return ""
    return blake3(source.encode()).hexdigest(length=10)


def _put(module: Any, attribute: str, make: Callable[[Any], Any]) -> None:
    original = getattr(module, attribute)
    _originals.append((module, attribute, original))
    setattr(module, attribute, make(original))


# -- validation -----------------------------------------------------------------------------------
def _finite_once(original: Callable[..., None]) -> Callable[..., None]:
    """Return a check for NaN and infinity that reads the same data once."""
    from sklearn import get_config

    def _assert_all_finite(X: Any, allow_nan: bool = False, *args: Any, **kwargs: Any) -> None:
        session = current()
        made = None if session is None else _argument_id(session, X)
        if session is None or made is None or get_config()["assume_finite"]:
            return original(X, allow_nan, *args, **kwargs)  # which, assuming it, reads nothing
        key = name("finite", made, b"nan" if allow_nan else b"")
        if key not in session.finite:
            original(X, allow_nan, *args, **kwargs)
            session.finite.add(key)
        return None

    return _assert_all_finite


def _argument_id(session: Session, value: Any) -> Digest | None:
    """Return the id of an array that the call running here was given, verified at its start."""
    frames = session.frames()
    if not frames or not isinstance(value, np.ndarray):
        return None
    if not only_reads(frames[-1].estimator, frames[-1].traits):
        return None  # it may have written into the array since
    for given, made in frames[-1].arguments.values():
        if given is value:
            return made
    return None


# -- ridge regression -----------------------------------------------------------------------------
def _ridge_frame() -> tuple[Session, Frame] | None:
    """Return the fit of a ridge regression that runs here, if it can share."""
    session = current()
    if session is None or not session.frames():
        return None
    frame = session.frames()[-1]
    cls = type(frame.estimator)
    if frame.key is None or frame.method != "fit" or cls.__qualname__ not in _RIDGES:
        return None
    if cls.__module__ != "sklearn.linear_model._ridge" or frame.estimator.solver not in _SOLVERS:
        return None
    return session, frame


_RIDGES = ("Ridge", "RidgeClassifier")


def _centred_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return `_preprocess_data` for ridge fits: centred data by the inputs of the fit."""

    def _preprocess_data(X: Any, y: Any, **options: Any) -> Any:
        found = _ridge_frame()
        if found is None or "centred" in found[1].local:
            return original(X, y, **options)
        session, frame = found
        flags = str([options.get("fit_intercept"), options.get("rescale_with_sw", True)])
        key = name("centred", _base(frame), flags.encode())
        entry = session.shelf.get(key)
        if entry is None:
            begun = time.perf_counter()
            out = original(X, y, **options)
            _keep_second(session, key, out, time.perf_counter() - begun)
        else:
            out = entry.value
            session.statistics.shared += 1
        frame.local["centred"] = (key, out[0], out[1])
        return out

    return _preprocess_data


def _base(frame: Frame) -> Digest:
    """Return the id of everything that centring depends on."""
    parts = [class_id(type(frame.estimator)), frame.environment, frame.given]
    for attribute, part in frame.parts.items():
        if attribute not in _LATE:
            parts += [attribute.encode(), part]
    return name("ridge", *parts)


def _keep_second(session: Session, key: Digest, out: tuple[Any, ...], cost_s: float) -> None:
    """Keep centred data when they are made the second time; nobody can write into them then."""
    if key not in session.sliced:
        session.sliced[key] = 1
        return
    for part in out:
        for array in (part, getattr(part, "data", None)):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
    session.shelf.put(key, out, cost_s, sum(size_of(part) for part in out))


def _product_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return `safe_sparse_dot` for ridge fits: `XᵀX` and `Xᵀy` of centred data, once."""

    def safe_sparse_dot(a: Any, b: Any, *, dense_output: bool = False) -> Any:
        found = _ridge_frame()
        label = None if found is None else _product(found[1], a, b)
        if found is None or label is None:
            return original(a, b, dense_output=dense_output)
        session, frame = found
        key = name("product", frame.local["centred"][0], label)
        entry = session.shelf.get(key)
        if entry is not None:
            session.statistics.shared += 1
            return copy_array(entry.value)
        begun = time.perf_counter()
        out = original(a, b, dense_output=dense_output)
        if type(out) is np.ndarray:
            session.shelf.put(key, copy_array(out), time.perf_counter() - begun, out.nbytes)
        return out

    return safe_sparse_dot


def _product(frame: Frame, a: Any, b: Any) -> bytes | None:
    """Return which product of the centred data this is, or None if it is another."""
    centred = frame.local.get("centred")
    if centred is None or type(centred[1]) is not np.ndarray or type(a) is not np.ndarray:
        return None
    X, y = centred[1:]
    if not _is_all_of(a, X) or a.shape != X.shape[::-1] or a.strides != X.strides[::-1]:
        return None
    if b is X:
        return b"XtX"
    if type(b) is np.ndarray and type(y) is np.ndarray and _is_all_of(b, y):
        return f"Xty{b.shape}{b.strides}".encode()
    return None


def _is_all_of(view: np.ndarray[Any, Any], array: np.ndarray[Any, Any]) -> bool:
    """Tell whether a view shows all elements of an array."""
    return (
        view.size == array.size
        and view.dtype == array.dtype
        and view.__array_interface__["data"][0] == array.__array_interface__["data"][0]
    )
