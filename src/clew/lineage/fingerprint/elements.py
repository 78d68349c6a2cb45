"""Elements of object arrays: strings in bulk, the rest one by one."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import stream_digest
from clew.lineage.fingerprint.containers import encode_items, encode_long
from clew.lineage.fingerprint.memo import MEMO, MEMO_FROM_BYTES, seal
from clew.lineage.fingerprint.strings import encode_strings
from clew.lineage.fingerprint.walk import Context

Objects = npt.NDArray[np.object_]

_IMMUTABLE = {str, float, int, bool, type(None)}


def encode_elements(values: Objects, ctx: Context) -> bytes:
    """Encode the elements of an object array in C order.

    Arrays of strings with missing values among them (None, NaN, NA) are encoded in bulk.
    """
    return remembered_elements(values, lambda: _encode(values.ravel().tolist(), ctx))


def remembered_elements(values: Objects, compute: Callable[[], bytes]) -> bytes:
    """Return what `compute` makes of an object array, from the memo when that is sound.

    The memo compares the addresses of the elements. They stand for the elements while it keeps
    them alive and they cannot change, so only arrays of exact built-in scalars are kept.
    """
    if values.nbytes < MEMO_FROM_BYTES or not values.flags.c_contiguous:
        return compute()
    key = (seal(values), values.shape)
    known = MEMO.recall(values, key)
    if known is None:
        known = compute()
        items = values.ravel().tolist()
        if set(map(type, items)) <= _IMMUTABLE:
            MEMO.keep(values, key, known, held=items)
    return known


def _encode(items: list[Any], ctx: Context) -> bytes:
    kinds = set(map(type, items))
    if str in kinds and len(kinds) > 1:
        return b"mixed\0" + _mixed(items, ctx)
    long = encode_long(items, kinds)
    return b"items\0" + encode_items(items, ctx) if long is None else b"long\0" + long


def _mixed(items: list[Any], ctx: Context) -> bytes:
    """Encode strings with other values among them: the strings in bulk, the others by position."""
    texts = [item if type(item) is str else "" for item in items]
    others = array("Q", (i for i, item in enumerate(items) if type(item) is not str))
    positions = stream_digest([others.tobytes()])
    rest = encode_items((items[i] for i in others), ctx)
    return frame(encode_strings(texts)) + frame(positions) + rest
