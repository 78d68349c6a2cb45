"""Elements of object arrays: strings in bulk, the rest one by one."""

from __future__ import annotations

from array import array
from typing import Any

import numpy.typing as npt

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import stream_digest
from clew.lineage.fingerprint.containers import encode_items, encode_long
from clew.lineage.fingerprint.memo import MEMO, MEMO_FROM_BYTES, seal
from clew.lineage.fingerprint.strings import encode_strings
from clew.lineage.fingerprint.walk import Context

_IMMUTABLE = {str, float, int, bool, type(None)}


def encode_elements(values: npt.NDArray[Any], ctx: Context) -> bytes:
    """Encode the elements of an object array in C order.

    Arrays of strings with missing values among them (None, NaN, NA) are encoded in bulk.
    """
    items = values.ravel().tolist()
    kinds = set(map(type, items))
    if kinds <= _IMMUTABLE and values.nbytes >= MEMO_FROM_BYTES and values.flags.c_contiguous:
        # Addresses stay true as long as the memo keeps the elements alive.
        return MEMO.digest(
            values, lambda: (seal(values), values.shape), lambda: _encode(items, kinds, ctx), items
        )
    return _encode(items, kinds, ctx)


def _encode(items: list[Any], kinds: set[type], ctx: Context) -> bytes:
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
