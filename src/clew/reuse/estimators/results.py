"""What a call leaves behind: captured after it ran, put in place of the next equal call."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from clew.errors import Unhashable
from clew.lineage.canonical import Digest
from clew.reuse.estimators.checks import Check, check_of, package_of
from clew.reuse.estimators.copying import Copier, Parts, Slot, copy_array, shallow
from clew.reuse.estimators.describe import IGNORED, is_data
from clew.reuse.estimators.identity import SCALARS, scalar_bytes, size_of
from clew.reuse.notices import Notice


class NotKept(Unhashable):
    """A result that a later call could not be given; the message says why."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a call returned.

    Parameters
    ----------
    kind : {"slot", "shared", "shallow", "private"}
        One of the caller's own objects; an array that library code shares; a table that copies
        on write; anything else, copied at every hit.
    check : tuple or None
        Token of a shared array, verified at every hit.
    """

    kind: Literal["slot", "shared", "shallow", "private"]
    value: Any
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that a hit repeats.

    Parameters
    ----------
    changed : dict or None
        Attributes that a fit set, in order; None for calls that change nothing.
    removed : tuple of str
        Attributes that a fit deleted.
    quick, state : Digest or None
        Quick digest and id of the estimator's state after a fit.
    draws : bool
        The call drew one integer from the global generator and did not use it.
    """

    output: Output
    changed: Mapping[str, Any] | None = None
    removed: tuple[str, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    quick: Digest | None = None
    state: Digest | None = None
    notices: tuple[Notice, ...] = ()
    draws: bool = False


def own_slots(
    estimator: Any, arguments: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[dict[str, Slot], dict[int, Any]]:
    """Return a slot for each object that the caller owns, by name and by address."""
    slots: dict[str, Slot] = {"self": Slot("self")}
    known: dict[int, Any] = {id(estimator): slots["self"]}
    owned = [(f"argument:{name}", value) for name, value in arguments.items()]
    owned += [(f"attribute:{name}", v) for name, v in before.items() if name not in IGNORED]
    for name, value in owned:
        if scalar_bytes(value) is None and not isinstance(value, type | np.generic):
            slots[name] = Slot(name)
            known.setdefault(id(value), slots[name])
    return slots, known


def fill_slots(
    slots: Mapping[str, Slot],
    estimator: Any,
    arguments: Mapping[str, Any],
    before: Mapping[str, Any],
) -> dict[int, Any]:
    """Return, by the address of each slot, the present caller's object."""
    values = {"self": estimator}
    values |= {f"argument:{name}": value for name, value in arguments.items()}
    values |= {f"attribute:{name}": value for name, value in before.items()}
    return {id(slot): values[name] for name, slot in slots.items()}


def capture_output(
    output: Any,
    arguments: Mapping[str, Any],
    state: Mapping[str, Any],
    copier: Copier,
    *,
    array_like: bool,
) -> Output:
    """Return how to keep what a call returned.

    Parameters
    ----------
    state : dict
        The estimator's attributes after the call.
    copier : Copier
        What copied the attributes of a fit: one that is returned, too, stays one object.

    Raises
    ------
    NotKept
        When it shares memory with the caller's data, or shows a part of the estimator's state.
    """
    slot = copier.slot(output)
    if slot is not None:
        return Output("slot", slot)
    if not is_data(output):
        return Output("private", _copied(copier, output))
    table = shallow(output)
    if table is not None:
        return Output("shallow", table)
    if _overlaps(output, arguments.values()):
        raise NotKept("returns a view of its input")
    if any(output is value for value in state.values()):
        return Output("private", _copied(copier, output))
    if _overlaps(output, state.values()):
        raise NotKept("returns a view of its own state")
    check = check_of(output) if array_like else None
    if check is None:
        return Output("private", _copied(copier, output))
    return Output("shared", output, check)


def _copied(copier: Copier, value: Any) -> Any:
    made = copier.copy(value)
    if copier.aliases:
        raise NotKept("returns a view of its input")
    return made


def _overlaps(output: Any, values: Iterable[Any]) -> bool:
    parts = arrays_of(output)
    return any(
        np.may_share_memory(part, own)
        for value in values
        for own in arrays_of(value)
        for part in parts
    )


def arrays_of(value: Any) -> list[np.ndarray[Any, Any]]:
    """Return the arrays that hold what a table, an array or a sparse matrix shows."""
    if isinstance(value, np.ndarray):
        return [value]
    found: list[Any] = []
    if hasattr(value, "format"):
        found = [getattr(value, name, None) for name in ("data", "indices", "indptr")]
    elif package_of(value) == "pandas" and hasattr(value, "_mgr"):
        found = [block.values for block in value._mgr.blocks]
    return [part for part in found if isinstance(part, np.ndarray)]


def capture_fit(
    estimator: Any, before: Mapping[str, Any], params: frozenset[str], copier: Copier
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return copies of the attributes that a fit set, and the names of those that it deleted.

    Raises
    ------
    NotKept
        When it put another object in the place of one of its parameters, or keeps a view of its
        input, through which it would see what is written there later.
    """
    after = vars(estimator)
    changed = [
        key
        for key, value in after.items()
        if key not in IGNORED and (key not in before or before[key] is not value)
    ]
    if any(key in params and key in before for key in changed):
        raise NotKept("changes its own parameters")
    removed = tuple(key for key in before if key not in after and key not in IGNORED)
    copies = {key: copier.copy(after[key]) for key in changed}
    if copier.aliases:
        raise NotKept("keeps a view of its input")
    return copies, removed


def private(value: Any) -> Any:
    """Return a copy of data for code that may write into it."""
    table = shallow(value)
    if table is not None:
        return table
    if type(value) is np.ndarray:
        return copy_array(value)
    return value.copy() if is_data(value) else Copier().copy(value)


def bytes_of(result: Result) -> int:
    """Return about how much memory a kept result takes; what is met twice counts once."""
    total, seen, pending = 0, set[int](), [result.output.value, result.changed]
    while pending:
        value = pending.pop()
        total += 64 + (len(value) if isinstance(value, str | bytes) else 0)
        if type(value) in SCALARS or id(value) in seen:
            continue
        seen.add(id(value))
        if is_data(value):
            total += size_of(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            pending.extend(value)
        elif isinstance(value, Parts):
            pending += [value.arguments, value.state]
        elif hasattr(value, "__dict__") and not isinstance(value, type | types.FunctionType):
            pending.extend(vars(value).values())
    return total
