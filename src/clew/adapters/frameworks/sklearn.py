"""Content ids of scikit-learn estimators: class, parameters, fitted state.

Attributes count whatever their order, since fitting, cloning and loading write them in different
orders. The link to a running callback, the address of a list of stop words and the query counters
of neighbour trees are no state.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register
from clew.lineage.fingerprint.containers import encode_pairs
from clew.lineage.fingerprint.objects import encode_object, encode_reduced, reduce_value

_NO_STATE = {"_parent_callback_ctx", "_sklearn_version", "_stop_words_id"}
_COUNTERS = slice(7, 11)
_TREE_PARTS = 13


@register(BaseEstimator, subclasses=True)
def encode_estimator(value: BaseEstimator, ctx: Context) -> bytes:
    """Encode an estimator by its attributes, sorted by name (its class stands in front)."""
    if getattr(type(value), "__reduce__", None) is not object.__reduce__:
        return b"object\0" + encode_object(value, ctx)
    state = value.__getstate__()
    if not isinstance(state, dict):
        return b"object\0" + encode_object(value, ctx)
    parts = []
    name = ""
    try:
        for name in sorted(state.keys() - _NO_STATE):
            parts += [frame(name.encode()), frame(encode(state[name], ctx))]
    except Unhashable:
        ctx.trail.append(f".{name}")
        raise
    return b"state\0" + b"".join(parts)


@register(Bunch, tag="sklearn.utils.Bunch")
def encode_bunch(value: Bunch, ctx: Context) -> bytes:
    """Encode a bunch by its items: its hidden table of renamed keys does not survive a copy."""
    return encode_pairs(value.items(), ctx)


def encode_neighbour_tree(value: Any, ctx: Context) -> bytes:
    """Encode a kd-tree or ball tree without the counters that its queries advance."""
    reduced = reduce_value(value)
    if isinstance(reduced, str) or len(reduced) < 3 or len(reduced[2]) != _TREE_PARTS:
        return encode_object(value, ctx)
    make, args, state, *_ = reduced
    kept = (*state[: _COUNTERS.start], *state[_COUNTERS.stop :])
    return encode_reduced(value, (make, args, kept), ctx)


for _bits in ("", "64", "32"):
    register(f"sklearn.neighbors._kd_tree.KDTree{_bits}")(encode_neighbour_tree)
    register(f"sklearn.neighbors._ball_tree.BallTree{_bits}")(encode_neighbour_tree)
