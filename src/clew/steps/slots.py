"""The inputs of a task: content ids where they are known, tasks where they are not yet."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import ValueId
from clew.lineage.records import Edge, Reason
from clew.steps.bind import flatten
from clew.steps.carried import fingerprint_with_code
from clew.steps.ref import Ref, refs_in, task_of

SHAPE = ":shape"
"""Ends the name of the edge that holds a container's shape; its references follow."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One input edge of a task: a known content id, or the task that will give it.

    Parameters
    ----------
    value : ValueId or None
        Known content id.
    task : int or None
        The task that gives it.
    """

    name: str
    value: ValueId | None = None
    task: int | None = None


@dataclass(frozen=True, slots=True)
class Slots:
    """All inputs of a task, and the literal ones among them.

    Parameters
    ----------
    literals : tuple of (ValueId, object)
        Arguments that no task makes: the leaves of the thread.
    carried : tuple of object
        Functions and classes that are part of them.
    """

    slots: tuple[Slot, ...]
    literals: tuple[tuple[ValueId, Any], ...]
    unsound: Reason | None
    carried: tuple[object, ...] = ()


def slots_of(signature: inspect.Signature, arguments: Mapping[str, Any]) -> Slots:
    """Return the inputs of a call whose arguments may hold references."""
    slots: list[Slot] = []
    literals: list[tuple[ValueId, Any]] = []
    unsound: Reason | None = None
    carried: list[object] = []
    for name, argument in flatten(signature, arguments):
        for slot, literal in _slots(name, argument):
            if slot.task is not None:
                slots.append(slot)
                continue
            try:
                id, code = fingerprint_with_code(literal)
            except Unhashable as error:
                text = f"argument {name!r} has no content id: {error.message}"
                unsound = unsound or Reason("unhashable-input", text, {"input": name})
                continue
            literals.append((id, literal))
            carried += code
            slots.append(Slot(slot.name, id))
    return Slots(tuple(slots), tuple(literals), unsound, tuple(carried))


def _slots(name: str, argument: Any) -> Iterator[tuple[Slot, Any]]:
    if isinstance(argument, Ref):
        yield Slot(name, task=task_of(argument)), None
        return
    references = list(refs_in(argument))
    if not references:
        yield Slot(name), argument
        return
    yield Slot(name + SHAPE), _shape(argument)
    for position, reference in enumerate(references):
        yield Slot(f"{name}[{position}]", task=task_of(reference)), None


def _shape(value: Any) -> Any:
    """Return a container with a mark in place of each reference."""
    if isinstance(value, Ref):
        return ("ref",)
    if type(value) in (list, tuple):
        return ("items", type(value)(_shape(item) for item in value))
    if type(value) is dict:
        return ("items", {key: _shape(item) for key, item in value.items()})
    return ("literal", value)


def assemble(
    signature: inspect.Signature, inputs: Sequence[Edge], value: Callable[[ValueId], Any]
) -> dict[str, Any]:
    """Return the arguments of a recorded call: what `slots_of` took apart, put together.

    Parameters
    ----------
    value : callable
        Gives the value of a content id.
    """
    arguments: dict[str, Any] = {}
    pending = list(inputs)
    while pending:
        edge = pending.pop(0)
        name = edge.name.removesuffix(SHAPE)
        found = value(edge.value)
        if name != edge.name:
            parts: list[Any] = []
            while pending and pending[0].name == f"{name}[{len(parts)}]":
                parts.append(value(pending.pop(0).value))
            found = _filled(found, iter(parts))
        _place(arguments, name, found)
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            arguments[name] = tuple(arguments.get(name, ()))
    return arguments


def _filled(shape: Any, parts: Iterator[Any]) -> Any:
    kind, *content = shape
    if kind == "ref":
        return next(parts)
    if kind == "literal":
        return content[0]
    if type(content[0]) is dict:
        return {key: _filled(item, parts) for key, item in content[0].items()}
    return type(content[0])(_filled(item, parts) for item in content[0])


def _place(arguments: dict[str, Any], name: str, value: Any) -> None:
    if name.startswith("**"):
        parameter, _, key = name[2:-1].partition("[")
        arguments.setdefault(parameter, {})[key] = value
    elif name.startswith("*"):
        parameter = name[1:].partition("[")[0]
        arguments.setdefault(parameter, []).append(value)
    else:
        arguments[name] = value
