"""Flows from files: ``FILE:FLOW`` to the flow object, ``k=v`` to its arguments."""

from __future__ import annotations

import ast
import enum
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clew.app.modules import module_from
from clew.errors import InvalidParameter, NotFound
from clew.steps.flow import Flow


def flow_from(target: str) -> Flow[..., Any]:
    """Return the flow that ``FILE:FLOW`` or ``MODULE:FLOW`` names.

    The file is imported as a module of its own name, with its folder first on the import path, as
    Python does for a script. Without ``:FLOW`` the file must hold exactly one flow.

    Raises
    ------
    NotFound
        When there is no such file, module or flow.
    """
    place, _, name = target.partition(":")
    module = module_from(place, hint="clew run FILE.py:FLOW or MODULE:FLOW")
    flows = {key: item for key, item in vars(module).items() if isinstance(item, Flow)}
    if not name and len(flows) == 1:
        return next(iter(flows.values()))
    if name not in flows:
        raise NotFound(
            f"no flow {name!r} in {place}" if name else f"{place} has {len(flows)} flows",
            expected=", ".join(f"{place}:{key}" for key in flows) or "a function with @clew.flow",
        )
    return flows[name]


def arguments_from(flow: Flow[..., Any], pairs: Sequence[str]) -> dict[str, Any]:
    """Return the flow's arguments from ``k=v`` texts, of the types that its signature declares.

    Raises
    ------
    InvalidParameter
        When a parameter is unknown, missing, or its text is no value of its type.
    """
    parameters = flow.signature.parameters
    try:
        hints = typing.get_type_hints(flow.function)
    except Exception:
        hints = {}
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InvalidParameter("an argument of the flow", got=repr(pair), expected="name=value")
        if name not in parameters:
            known = ", ".join(parameters) or "(none)"
            raise InvalidParameter(f"flow {flow.label} has no parameter {name!r}", expected=known)
        given[name] = _parse(name, text, hints.get(name, Any))
    _require(flow, given)
    return given


def _require(flow: Flow[..., Any], given: Mapping[str, Any]) -> None:
    for name, parameter in flow.signature.parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is inspect.Parameter.empty and name not in given and not variable:
            raise InvalidParameter(
                f"flow {flow.label} needs {name!r}", hint=f"clew run … {name}=VALUE"
            )


def _parse(name: str, text: str, hint: Any) -> Any:
    kind = typing.get_origin(hint) or hint
    if kind in (typing.Union, types.UnionType):
        return _parse_union(name, text, typing.get_args(hint))
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
    value = _literal(text)
    if kind in (list, tuple, dict, set) and not isinstance(value, kind):
        raise _bad(name, text, f"a {kind.__name__}, written as in Python")
    return value


def _parse_union(name: str, text: str, members: Sequence[Any]) -> Any:
    if type(None) in members and text in ("None", "none", "null"):
        return None
    for member in members:
        if member is type(None):
            continue
        try:
            return _parse(name, text, member)
        except InvalidParameter:
            continue
    names = " or ".join(getattr(member, "__name__", str(member)) for member in members)
    raise _bad(name, text, names)


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
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _bad(name: str, text: str, expected: str) -> InvalidParameter:
    return InvalidParameter(f"parameter {name!r}", got=repr(text), expected=expected)
