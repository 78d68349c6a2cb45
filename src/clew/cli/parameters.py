"""Parameters of a flow from texts: ``k=v`` to a value of the type that the signature declares."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import enum
import inspect
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from clew.errors import InvalidParameter
from clew.steps.flow import Flow

_NONE = ("None", "none", "null")
_WRITTEN_AS_TEXT = (datetime.date, datetime.time, datetime.timedelta, Decimal, UUID)


def arguments_from(flow: Flow[..., Any], pairs: Sequence[str]) -> dict[str, Any]:
    """Return the flow's arguments from ``k=v`` texts, of the types that its signature declares.

    The members of lists, dicts, tuples, sets and dataclasses are checked like the whole.

    Raises
    ------
    InvalidParameter
        When a parameter is unknown, missing, or its text is no value of its type.
    """
    parameters = flow.signature.parameters
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InvalidParameter("an argument of the flow", got=repr(pair), expected="name=value")
        if name not in parameters:
            known = ", ".join(parameters) or "(none)"
            raise InvalidParameter(f"flow {flow.label} has no parameter {name!r}", expected=known)
        if name in given:
            raise InvalidParameter(f"parameter {name!r} is given twice", got=pair)
        given[name] = _parse(name, text, _type_of(flow, name))
    _require(flow, given)
    return given


def _require(flow: Flow[..., Any], given: Mapping[str, Any]) -> None:
    for name, parameter in flow.signature.parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is inspect.Parameter.empty and name not in given and not variable:
            raise InvalidParameter(
                f"flow {flow.label} needs {name!r}", hint=f"clew run … {name}=VALUE"
            )


def _type_of(flow: Flow[..., Any], name: str) -> Any:
    annotation = flow.signature.parameters[name].annotation
    if annotation is inspect.Parameter.empty:
        return Any
    alone = types.SimpleNamespace(__annotations__={name: annotation})
    try:
        found = typing.get_type_hints(alone, getattr(flow.function, "__globals__", {}))
    except Exception as error:
        raise InvalidParameter(
            f"parameter {name!r} of flow {flow.label} has a type that cannot be looked up",
            got=f"{annotation} ({error})",
            hint="import what the annotation names outside `if TYPE_CHECKING`",
        ) from None
    return found[name]


def _parse(name: str, text: str, hint: Any) -> Any:
    kind = typing.get_origin(hint) or hint
    if kind in (typing.Union, types.UnionType):
        return _parse_union(name, text, hint)
    if kind is typing.Literal:
        return _parse_choice(name, text, typing.get_args(hint))
    if kind is str:
        return text
    if kind is bool:
        return _parse_bool(name, text)
    if kind in (int, float, complex):
        try:
            return kind(text)
        except ValueError:
            raise _bad(name, text, kind.__name__) from None
    if isinstance(kind, type) and issubclass(kind, Path):
        return kind(text)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _parse_choice(name, text, tuple(kind))
    written = isinstance(kind, type) and issubclass(kind, _WRITTEN_AS_TEXT)
    return _fit(name, text, hint, text if written else _literal(text))


def _parse_union(name: str, text: str, hint: Any) -> Any:
    members = typing.get_args(hint)
    if type(None) in members and text in _NONE:
        return None
    others = [member for member in members if member is not type(None)]
    said: list[InvalidParameter] = []
    for member in others:
        try:
            return _parse(name, text, member)
        except InvalidParameter as error:
            said.append(error)
    if len(said) == 1:
        raise said[0]
    raise _bad(name, text, " or ".join(map(_shown, others)))


def _parse_choice(name: str, text: str, choices: Sequence[Any]) -> Any:
    for choice in choices:
        if text in (str(choice), getattr(choice, "name", None), str(getattr(choice, "value", ""))):
            return choice
    shown = " or ".join(str(getattr(choice, "name", choice)) for choice in choices)
    raise _bad(name, text, shown)


def _parse_bool(name: str, text: str) -> bool:
    values = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in values:
        raise _bad(name, text, "true or false")
    return values[text.lower()]


def _literal(text: str) -> Any:
    """Return what a text says as a literal of Python or in JSON; a text that is neither, itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text


def _fit(name: str, text: str, hint: Any, value: Any) -> Any:
    try:
        found = msgspec.convert(value, hint, dec_hook=_other, builtin_types=(bytes, bytearray))
    except msgspec.ValidationError as error:
        raise _bad(name, text, f"{_shown(hint)}, written as in Python: {error}") from None
    except TypeError:
        raise InvalidParameter(
            f"parameter {name!r} of type {_shown(hint)} cannot be given as a text",
            got=repr(text),
            hint="call the flow in Python, or declare a type that can be written",
        ) from None
    for place, field in _unknown(value, found, ""):
        there = f" at {place}" if place else ""
        raise _bad(name, text, f"{_shown(hint)}, which has no field {field!r}{there}")
    return found


def _other(kind: type, value: Any) -> Any:
    """Convert to a type that `msgspec` does not know."""
    if issubclass(kind, Path) and isinstance(value, str):
        return kind(value)
    if kind is complex and type(value) in (int, float, complex):
        return complex(value)
    if isinstance(value, kind):
        return value
    raise msgspec.ValidationError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _unknown(given: Any, found: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the fields, and where they stand, that a dataclass was given and does not have."""
    if dataclasses.is_dataclass(found) and isinstance(given, dict):
        known = {field.name for field in dataclasses.fields(found)}
        yield from ((place, str(field)) for field in given if field not in known)
        for field in known & given.keys():
            yield from _unknown(given[field], getattr(found, field), f"{place}.{field}".strip("."))
    elif isinstance(found, dict) and isinstance(given, dict):
        for one, two in zip(given.items(), found.items(), strict=True):
            yield from _unknown(one[1], two[1], f"{place}[{one[0]!r}]")
    elif isinstance(found, list | tuple) and isinstance(given, list | tuple):
        for index, (one, two) in enumerate(zip(given, found, strict=True)):
            yield from _unknown(one, two, f"{place}[{index}]")


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def _bad(name: str, text: str, expected: str) -> InvalidParameter:
    return InvalidParameter(f"parameter {name!r}", got=repr(text), expected=expected)
