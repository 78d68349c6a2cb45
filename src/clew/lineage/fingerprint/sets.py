"""Encodings of sets: no order, so that another seed of string hashes gives the same id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import Context, encode


@register(set, tag="set", subclasses=True)
@register(frozenset, tag="frozenset", subclasses=True, shared=False)
def encode_set(value: Any, ctx: Context) -> bytes:
    """Encode a set: each element on its own, then sorted; then what a subclass adds.

    The copy protocol would list the elements in the order of this process's string hashes.
    """
    base = set if isinstance(value, set) else frozenset
    elements = frame(encode_unordered(base.__iter__(value), ctx))
    if type(value) is base:
        return elements
    return elements + frame(encode(object.__getstate__(value), ctx))


def encode_unordered(items: Iterable[object], ctx: Context) -> bytes:
    """Encode items whose order has no meaning.

    Numbers of aliases follow the order of visits, so each element is encoded as if it were the
    first, the encodings are sorted, and elements that hold mutable values are then visited once
    more in that order.
    """
    alone = sorted((_alone(item, ctx) for item in items), key=lambda pair: pair[0])
    try:
        parts = [code if fixed else encode(item, ctx) for code, (item, fixed) in alone]
    except Unhashable:
        ctx.trail.append("{…}")
        raise
    return b"".join(map(frame, parts))


def _alone(item: object, ctx: Context) -> tuple[bytes, tuple[object, bool]]:
    mark = len(ctx.seen)
    try:
        code = encode(item, ctx)
    except Unhashable:
        ctx.trail.append("{…}")
        raise
    fixed = len(ctx.seen) == mark
    ctx.forget(mark)
    return code, (item, fixed)
