"""Arguments of a call, bound to the step's signature in one canonical order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clew.errors import WrongType

_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def bind(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments by parameter name, defaults filled in.

    Raises
    ------
    WrongType
        When the arguments do not fit the signature.
    """
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise WrongType(f"call of {name}: {error}", expected=f"{name}{signature}") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def flatten(
    signature: inspect.Signature, arguments: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield ``(edge name, argument)``; variable arguments are spread: ``*rows[0]``, ``**kw[a]``."""
    for name, value in arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            for position, item in enumerate(value):
                yield f"*{name}[{position}]", item
        elif kind is inspect.Parameter.VAR_KEYWORD:
            for key, item in value.items():
                yield f"**{name}[{key}]", item
        else:
            yield name, value


def call(
    function: Callable[..., Any], signature: inspect.Signature, arguments: Mapping[str, Any]
) -> Any:
    """Call `function` with arguments bound by `bind`."""
    parameters = signature.parameters
    if len(arguments) == len(parameters) and all(p.kind in _PLACED for p in parameters.values()):
        return function(*[arguments[name] for name in parameters])
    bound = inspect.BoundArguments(signature, dict(arguments))
    return function(*bound.args, **bound.kwargs)
