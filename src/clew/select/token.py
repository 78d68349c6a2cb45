"""Tokens: hashable stand-ins for parameters, by which one search finds equal stages.

A token lives as long as one search in one process, so classes and functions stand for themselves.
Ids that outlive the process are made in `clew.select.identity`.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Hashable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit
from sklearn.pipeline import FeatureUnion, Pipeline
from xxhash import xxh3_128_digest

from clew.errors import Unhashable

_PLAIN = (bool, int, str, bytes, complex, slice, range)


def token(value: Any) -> Hashable:
    """Return a hashable token: equal tokens mean that no estimator could tell the values apart.

    Raises
    ------
    Unhashable
        When that cannot be promised; the stage that has the value is then never shared.
    """
    kind = type(value)
    if value is None or value is Ellipsis or kind in _PLAIN:
        return _plain(value)
    if kind is float or isinstance(value, np.generic):
        return (kind, np.asarray(value).dtype.str, np.asarray(value).tobytes())
    if kind in (tuple, list):
        return (kind, *(token(item) for item in value))
    if kind is dict:
        return (kind, *((token(key), token(item)) for key, item in value.items()))
    return _object(value)


def _plain(value: Any) -> Hashable:
    kind = type(value)
    if kind in (slice, range):
        return (kind, value.start, value.stop, value.step)
    return (kind, repr(value)) if kind is complex else (kind, value)


def _object(value: Any) -> Hashable:
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
        return ("itself", value)
    if isinstance(value, np.ndarray):
        return _array(value)
    if type(value) is functools.partial:
        return (functools.partial, *map(token, (value.func, value.args, value.keywords)))
    if type(value) is make_column_selector:
        return (make_column_selector, token(vars(value)))
    if isinstance(value, (BaseCrossValidator, BaseShuffleSplit)) and _is_library(value):
        return (type(value), token(vars(value)))
    if isinstance(value, BaseEstimator):
        return (type(value), *parameter_tokens(value))
    raise Unhashable(
        "A parameter has no token.", got=type(value).__name__, expected="plain data or an estimator"
    )


def _is_library(value: Any) -> bool:
    return type(value).__module__.startswith("sklearn.")


def _array(value: np.ndarray[Any, Any]) -> Hashable:
    if type(value) is not np.ndarray or value.dtype.hasobject:
        raise Unhashable("An array of objects has no token.", got=str(value.dtype))
    layout = (value.flags.c_contiguous, value.flags.f_contiguous)
    content = xxh3_128_digest(np.ascontiguousarray(value).data)
    return (np.ndarray, value.dtype.str, value.shape, layout, content)


def parameter_tokens(estimator: BaseEstimator) -> tuple[tuple[str, Hashable], ...]:
    """Return ``(name, token)`` of an unfitted estimator's own parameters, sorted by name.

    Raises
    ------
    Unhashable
        When a parameter has no token, or when the class clones itself in a way of its own (it may
        carry state that its parameters do not show).
    """
    if type(estimator).__sklearn_clone__ is not BaseEstimator.__sklearn_clone__:
        raise Unhashable("The class clones itself in its own way.", got=type(estimator).__name__)
    if hasattr(estimator, "_skl_callbacks"):
        raise Unhashable("The estimator has callbacks.", got=type(estimator).__name__)
    names = _names(type(estimator))
    config = getattr(estimator, "_sklearn_output_config", None)
    named = tuple((name, token(getattr(estimator, name))) for name in names)
    return named if not config else (*named, ("set_output", token(dict(config))))


def _names(cls: type[BaseEstimator]) -> tuple[str, ...]:
    """Return the names of a class's parameters (scikit-learn inspects the signature each time).

    Raises
    ------
    Unhashable
        When the class lists its parameters in a way of its own.
    """
    if cls not in _known_names:
        if cls.get_params not in _LISTING:
            raise Unhashable("The class lists its parameters in its own way.", got=cls.__name__)
        _known_names[cls] = tuple(sorted(cls._get_param_names()))
    return _known_names[cls]


_known_names: WeakKeyDictionary[type[BaseEstimator], tuple[str, ...]] = WeakKeyDictionary()

_LISTING = {
    BaseEstimator.get_params,
    Pipeline.get_params,
    FeatureUnion.get_params,
    ColumnTransformer.get_params,
    StackingClassifier.get_params,
    VotingClassifier.get_params,
}
"""Implementations of `get_params` whose shallow answer is the constructor's arguments."""
