"""Encodings of the built-in containers. Order counts, except in sets; aliases count."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import buffer_digest
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.strings import encode_strings
from clew.lineage.fingerprint.walk import Context, encode

_PACK_FROM = 64


@register(tuple, tag="tuple", shared=False)
@register(list, tag="list")
def encode_sequence(value: list[object] | tuple[object, ...], ctx: Context) -> bytes:
    """Encode a list or tuple; long ones of one leaf type as one buffer."""
    long = encode_long(value, None)
    if long is not None:
        return b"long\0" + long
    return len(value).to_bytes(8, "little") + encode_items(value, ctx)


def encode_items(items: Iterable[object], ctx: Context) -> bytes:
    """Encode items in order, each framed."""
    parts = []
    position = -1
    try:
        for position, item in enumerate(items):  # noqa: B007 (read when an item is refused)
            parts.append(frame(encode(item, ctx)))
    except Unhashable:
        ctx.trail.append(f"[{position}]")
        raise
    return b"".join(parts)


def encode_long(value: Sequence[object], kinds: set[type] | None) -> bytes | None:
    """Return the encoding of a long sequence of one leaf type; None when it is something else.

    The form depends on the content alone, so equal sequences always take the same one.
    """
    if len(value) < _PACK_FROM:
        return None
    kinds = kinds or set(map(type, value))
    pack = _PACKERS.get(next(iter(kinds))) if len(kinds) == 1 else None
    data = pack(value) if pack is not None else None
    if data is None:
        return None
    name = type(value[0]).__name__.encode()
    return frame(name) + len(value).to_bytes(8, "little") + data


def _pack_ints(value: Any) -> bytes | None:
    try:
        return buffer_digest(_little(array("q", value)))
    except OverflowError:
        return None


def _little(values: array[Any]) -> bytes:
    import sys

    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


_PACKERS: dict[type, Callable[[Any], bytes | None]] = {
    int: _pack_ints,
    bool: lambda value: buffer_digest(bytes(value)),
    float: lambda value: buffer_digest(_little(array("d", value))),
    str: encode_strings,
}


@register(dict, tag="dict")
@register(MappingProxyType, tag="mappingproxy")
def encode_dict(value: dict[object, object], ctx: Context) -> bytes:
    """Encode a mapping in its order."""
    return len(value).to_bytes(8, "little") + encode_pairs(value.items(), ctx)


def encode_pairs(pairs: Iterable[tuple[object, object]], ctx: Context) -> bytes:
    """Encode keys and values in order, each framed."""
    parts = []
    key: object = None
    try:
        for key, item in pairs:
            parts += [frame(encode(key, ctx)), frame(encode(item, ctx))]
    except Unhashable:
        ctx.trail.append(f"[{_label(key)}]")
        raise
    return b"".join(parts)


def _label(key: object) -> str:
    if isinstance(key, str | int | float | bool | None):
        return ascii(key)
    return f"<{type(key).__qualname__}>"


@register(Enum, subclasses=True, shared=False)
def encode_enum(value: Enum, ctx: Context) -> bytes:
    """Encode a member by name and value (its class stands in front)."""
    return ctx.fields(name=value.name, value=value.value)
