"""Instances of any other class: what the standard copy protocol says they are made of.

`object.__reduce_ex__` gives a callable, its arguments, the state and the items. They are taken as
Python values and encoded like any other; no pickle is written. A class that leaves fields out of
its state declares that copies without them are equal, and clew believes it.
"""

from __future__ import annotations

import copyreg
import sys
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import frame
from clew.lineage.fingerprint.containers import encode_items, encode_pairs
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.sentinels import encode_sentinel
from clew.lineage.fingerprint.walk import Context, class_identity, encode, refusal


@register(object, tag="object", subclasses=True, names_class=True)
def encode_object(value: object, ctx: Context) -> bytes:
    """Encode an instance by its class and the parts that rebuild it."""
    if type(value) is object:
        return frame(b"sentinel") + encode_sentinel(value, ctx)
    if hasattr(type(value), "__clew_code__"):
        return frame(b"code") + ctx.code(value)
    reduced = reduce_value(value)
    if isinstance(reduced, str):
        return _encode_global(value, reduced, ctx)
    kind = frame(class_identity(type(value), ctx))
    return kind + encode_reduced(value, reduced, ctx)


def reduce_value(value: object) -> str | tuple[Any, ...]:
    """Return what the copy protocol makes of a value.

    Raises
    ------
    Unhashable
        When the value refuses (locks, generators, open files) or answers nonsense.
    """
    if type(value).__module__ == "itertools":
        raise refusal(value, "from Python 3.14 on it cannot be copied")
    try:
        reducer = copyreg.dispatch_table.get(type(value))
        reduced = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except RecursionError:
        raise
    except Exception as error:
        raise refusal(value, f"it cannot be copied ({error})") from error
    if isinstance(reduced, str):
        return reduced
    if isinstance(reduced, tuple) and 2 <= len(reduced) <= 6:
        return reduced
    raise refusal(value, "its __reduce__ gives neither a name nor a tuple of two to six parts")


def encode_reduced(value: object, reduced: tuple[Any, ...], ctx: Context) -> bytes:
    """Encode the parts that rebuild a value, in the order in which they are used."""
    call, args, state, items, pairs, setter = (*reduced, None, None, None, None)[:6]
    if call is copyreg.__newobj__ and args and args[0] is type(value):  # type: ignore[attr-defined]
        made = b"new\0" + frame(encode_arguments(args[1:], ctx))
    else:
        made = b"call\0" + frame(encode(call, ctx)) + frame(encode_arguments(args, ctx))
    try:
        parts = [made, encode(state, ctx), encode(setter, ctx)]
    except Unhashable:
        _name_attribute(ctx)
        raise
    parts.append(b"" if items is None else b"items\0" + encode_items(items, ctx))
    parts.append(b"" if pairs is None else b"pairs\0" + encode_pairs(pairs, ctx))
    return b"".join(map(frame, parts))


def encode_arguments(args: object, ctx: Context) -> bytes:
    """Encode the arguments of a rebuilding call."""
    if isinstance(args, tuple):
        return encode_items(args, ctx)
    return encode(args, ctx)


def _name_attribute(ctx: Context) -> None:
    """Show the key of a state mapping as the attribute that it is: ``['x']`` becomes ``.x``."""
    if ctx.trail:
        step = ctx.trail[-1]
        name = step[2:-2]
        if step.startswith("['") and name.isidentifier():
            ctx.trail[-1] = f".{name}"


def _encode_global(value: object, name: str, ctx: Context) -> bytes:
    """Encode a value that says it is a global: it must be found under that name."""
    module = getattr(value, "__module__", None) or type(value).__module__
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not value:
        raise refusal(value, f"it calls itself {module}.{name} and is not found there")
    if callable(value):
        return frame(b"code") + ctx.code(value)
    parts = [b"global", module.encode(), name.encode(), class_identity(type(value), ctx)]
    return b"".join(map(frame, [*parts, encode(object.__getstate__(value), ctx)]))
