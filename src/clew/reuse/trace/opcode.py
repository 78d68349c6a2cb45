"""Opcodes: importable names of functions, and what is known of each.

An opcode is the dotted name under which a program can import its function, so that a trace can be
run again by anybody who has the same libraries.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from clew.errors import InvalidParameter

GETITEM = "operator.getitem"
SETITEM = "operator.setitem"
OUTPUT = "clew.output"
"""One output of an item with several."""
MUTATE = "mutate:"
"""Prefix: the function writes into a copy of its target, and the copy is the result."""
WRITEBACK = "clew.writeback"
"""A view was written: the copy of its base with that part replaced."""
BLOCKS = "clew.blocks"
"""Submatrices of several matrices, put together."""
DRAW = "draw:"
"""Prefix: a method of a random generator, whose state is the first input."""

_PACKAGES = ("numpy", "scipy", "operator")


def _ufuncs() -> dict[Any, str]:
    found = [value for value in vars(np).values() if isinstance(value, np.ufunc)]
    return {u: f"numpy.{u.__name__}" for u in found if getattr(np, u.__name__, None) is u}


UFUNCS = _ufuncs()

MUTATORS = frozenset(
    f"numpy.{name}"
    for name in ("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis")
)
"""Functions of NumPy that write into their first argument."""

UNTRACED = frozenset(
    {
        *(f"numpy.{n}" for n in ("save", "savez", "savez_compressed", "savetxt", "array_repr")),
        *(f"numpy.{n}" for n in ("array_str", "array2string", "shares_memory", "result_type")),
        *(
            f"numpy.{n}"
            for n in ("may_share_memory", "can_cast", "min_scalar_type", "busday_count")
        ),
        *(f"numpy.{n}" for n in ("iscomplexobj", "isrealobj", "common_type", "typename")),
        *(f"numpy.{n}" for n in ("array_equal", "array_equiv", "allclose", "datetime_as_string")),
        *(f"numpy.{n}" for n in ("einsum_path", "require", "save", "is_busday", "busday_offset")),
    }
)
"""Functions that give no array, or have effects: they run on the materialised arrays."""

UNINITIALISED = {"numpy.empty_like": "numpy.zeros_like", "numpy.empty": "numpy.zeros"}
"""Results with arbitrary bytes would not be values: zeros stand for them."""

_names: dict[Any, str | None] = {}
_functions: dict[str, Callable[..., Any]] = {}


def name_of(function: Any) -> str | None:
    """Return the opcode of a function, or None when it cannot be imported by that name."""
    try:
        return _names[function]
    except KeyError:
        found = _names[function] = _find_name(function)
        return found
    except TypeError:
        return None


def _find_name(function: Any) -> str | None:
    if function in UFUNCS:
        return UFUNCS[function]
    module = getattr(function, "__module__", None) or "scipy.special"
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", "")
    for candidate in (f"{module}.{name}", f"numpy.{name}"):
        try:
            if resolve(candidate) is function:
                return candidate
        except InvalidParameter:
            continue
    return None


def resolve(opcode: str) -> Callable[..., Any]:
    """Return the function of an opcode.

    Only names inside NumPy, SciPy and the standard ``operator`` module are imported, so reading a
    trace from elsewhere cannot run anything else.

    Raises
    ------
    InvalidParameter
        When there is no such function.
    """
    found = _functions.get(opcode)
    if found is None:
        found = _functions[opcode] = _import(opcode)
    return found


def _import(opcode: str) -> Callable[..., Any]:
    parts = opcode.split(".")
    if parts[0] not in _PACKAGES or any(part.startswith("_") for part in parts[1:]):
        raise _unknown(opcode)
    for split in range(len(parts) - 1, 0, -1):
        try:
            target: Any = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        try:
            found = operator.attrgetter(".".join(parts[split:]))(target)
        except AttributeError:
            continue
        if callable(found):
            return found  # type: ignore[no-any-return]
    raise _unknown(opcode)


def _unknown(opcode: str) -> InvalidParameter:
    return InvalidParameter(
        "A trace names an operation that does not exist here.",
        got=opcode,
        expected="a function of numpy, scipy or operator",
    )


def module_of(opcode: str) -> str:
    """Return the module that a program must import to call an opcode by its full name."""
    parts = opcode.split(".")
    for split in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:split])
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        return module
    raise _unknown(opcode)
