"""Arguments are values: a step cannot change its caller's objects unnoticed.

Small mutable objects (lists, dicts, estimators …) are copied before the call, so that a step may
do with them what it likes. Arrays and tables are too large for that: they are passed as they are,
and their content is compared after the call. Random generators are passed as they are; how far
the step moved them is one of its effects.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from inspect import Parameter, Signature
from typing import Any

from clew.errors import MutatedArgument, Unhashable
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Edge
from clew.steps import rng

_BY_REFERENCE_MODULES = ("numpy", "pandas", "polars", "pyarrow", "scipy", "torch")
_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, type)
_ATOMS = frozenset(_IMMUTABLE)


def private(signature: Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the function gets: copies where copying is cheap.

    Two arguments never share an object, since their content ids do not say whether they do.
    """
    parameters = signature.parameters
    return {
        name: value if type(value) in _ATOMS else _private(value, parameters[name].kind)
        for name, value in arguments.items()
    }


def is_buffer(value: object) -> bool:
    """Tell whether a value is an array or table, passed by reference."""
    kind = type(value)
    if kind in _ATOMS:
        return False
    return kind.__module__.startswith(_BY_REFERENCE_MODULES) and hasattr(value, "shape")


def _private(value: Any, kind: object) -> Any:
    if kind is Parameter.VAR_POSITIONAL:
        return tuple(map(_copied, value))
    if kind is Parameter.VAR_KEYWORD:
        return {name: _copied(item) for name, item in value.items()}
    return value if is_buffer(value) else _copied(value)


def _copied(value: Any) -> Any:
    if isinstance(value, _IMMUTABLE) or rng.is_generator(value):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:
        # What cannot be copied has no content id either, so the call executes and is not reused.
        return value


def detached(result: Any, arguments: Mapping[str, Any]) -> Any:
    """Return a result that shares no array or table with the caller's arguments.

    Reuse gives a copy, so the first execution does as well: of the arrays and tables themselves,
    and of those in lists, tuples and dicts.
    """
    held = [value for value in arguments.values() if is_buffer(value)]
    return _detached(result, held, {}) if held else result


def _detached(value: Any, held: list[Any], copies: dict[int, Any]) -> Any:
    if id(value) in copies:
        return copies[id(value)]
    new = value
    if type(value) in (list, tuple):
        parts = [_detached(item, held, copies) for item in value]
        if any(one is not two for one, two in zip(parts, value, strict=True)):
            new = type(value)(parts)
    elif type(value) is dict:
        items = {key: _detached(item, held, copies) for key, item in value.items()}
        if any(items[key] is not item for key, item in value.items()):
            new = items
    elif is_buffer(value) and any(_shares(value, other) for other in held):
        new = _copy(value)
    copies[id(value)] = new
    return new


def _shares(one: Any, other: Any) -> bool:
    import numpy

    if one is other:
        return True
    if isinstance(one, numpy.ndarray) and isinstance(other, numpy.ndarray):
        return bool(numpy.may_share_memory(one, other))
    return False


def _copy(value: Any) -> Any:
    import numpy

    if isinstance(value, numpy.ndarray):
        return value.copy(order="K")
    for name in ("copy", "clone"):  # Arrow's tables have neither, and cannot be changed.
        if hasattr(value, name):
            return getattr(value, name)()
    return value


def check_unchanged(step: str, arguments: Mapping[str, Any], inputs: tuple[Edge, ...]) -> None:
    """Compare the arrays and tables among the arguments with what they were.

    Raises
    ------
    MutatedArgument
        When the step changed one in place.
    """
    before: Mapping[str, ValueId] = {edge.name: edge.value for edge in inputs}
    for name, value in arguments.items():
        if not is_buffer(value) or name not in before:
            continue
        try:
            unchanged = fingerprint(value) == before[name]
        except Unhashable:
            unchanged = False
        if not unchanged:
            raise MutatedArgument(
                f"step {step} changed its argument {name!r} in place; its result was not stored",
                hint=f"work on a copy inside the step, for example {name} = {name}.copy()",
            )
