"""Declared types, by name: an annotation says what a class is called, not what it does."""

from __future__ import annotations

import types
import typing
from typing import Any

from clew.lineage.canonical import frame
from clew.lineage.code.tokens import token
from clew.lineage.code.walk import Walk, Where


def annotation(walk: Walk, hint: Any, where: Where) -> bytes:
    """Return the token of an annotation."""
    if isinstance(hint, str):
        return b"as" + frame(hint.encode())
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        return b"at" + frame(f"{hint.__module__}.{hint.__qualname__}".encode())
    if isinstance(hint, list | tuple):
        return b"al" + b"".join(frame(annotation(walk, part, where)) for part in hint)
    if isinstance(hint, typing.ForwardRef):
        return b"as" + frame(hint.__forward_arg__.encode())
    if isinstance(hint, typing.TypeVar | typing.ParamSpec | typing.NewType):
        return b"av" + frame(hint.__name__.encode())
    if typing.get_origin(hint) is not None:
        return _parameterised(walk, hint, where)
    if hint is None or hint is Ellipsis:
        return b"a" + type(hint).__name__.encode()
    special = getattr(hint, "_name", None)
    if type(hint).__module__ == "typing" and isinstance(special, str):
        return b"an" + frame(special.encode())
    return token(walk, hint, where)


def _parameterised(walk: Walk, hint: Any, where: Where) -> bytes:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    head = b"ao" + frame(annotation(walk, origin, where))
    if origin is typing.Literal:
        return head + b"".join(frame(token(walk, value, where)) for value in arguments)
    if origin is typing.Annotated:
        extra = [token(walk, value, where) for value in hint.__metadata__]
        return head + frame(annotation(walk, arguments[0], where)) + b"".join(map(frame, extra))
    return head + b"".join(frame(annotation(walk, part, where)) for part in arguments)
