"""Reconstruction: a trace as a Python program without control flow (LIMA's RECOMPUTE).

The program has one line an item and depends on NumPy (and on SciPy where its functions were
traced), not on clew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from clew.errors import NotFound
from clew.reuse.trace.array import TracedArray
from clew.reuse.trace.cell import Array
from clew.reuse.trace.item import READ, SEED, Item, walk
from clew.reuse.trace.literal import decode_call, source
from clew.reuse.trace.opcode import (
    BLOCKS,
    DRAW,
    GETITEM,
    MUTATE,
    OUTPUT,
    WRITEBACK,
    drawing,
    module_of,
)

_COPY = """
def changed(function, target, *args, **kwargs):
    copy = numpy.array(target, order="K")
    function(copy, *args, **kwargs)
    return copy
"""
_FILLED = """
def filled(function, target, *args, **kwargs):
    copy = numpy.array(target, order="K")
    function(*args, out=copy, **kwargs)
    return copy
"""
_WRITTEN = """
def written(base, new, take, path):
    copy = base.copy(order="K")
    view = take(copy)
    for index in path:
        view = view[index]
    view[...] = new
    return copy
"""
_DRAWN = """
def drawn(generator, method, *args, **kwargs):
    after = copy.deepcopy(generator)
    return fixed((getattr(after, method)(*args, **kwargs), None)), after
"""
_FIXED = """
def fixed(value):
    if isinstance(value, (tuple, list)):
        for part in value:
            fixed(part)
    elif isinstance(value, numpy.ndarray):
        value.flags.writeable = False
    return value
"""
_BLOCKS = """
def blocks(layout):
    def at(text):
        return [int(position) for position in text.split(",")]

    lines = []
    for line in layout:
        parts = []
        for matrix, rows, columns in line:
            part = matrix if rows is None else matrix[at(rows)]
            parts.append(part if columns is None else part[:, at(columns)])
        lines.append(parts[0] if len(parts) == 1 else numpy.concatenate(parts, axis=1))
    return numpy.concatenate(lines, axis=0)
"""
_HELPERS = {
    "blocks(": _BLOCKS,
    "changed(": _COPY,
    "filled(": _FILLED,
    "written(": _WRITTEN,
    "drawn(": _DRAWN,
}
_ENTRY = "compute"


def program(traced: TracedArray | Item) -> str:
    """Return Python source that computes a traced value again, bit for bit.

    The source defines ``compute(read)``, where ``read(content_id)`` gives the arrays that the
    trace read, by the hexadecimal id in its lines. It follows how the value was really computed:
    where a rewrite answered, its steps.

    Parameters
    ----------
    traced : TracedArray or Item
        What to compute.
    """
    root = traced.made if isinstance(traced, TracedArray) else traced
    items = list(walk([root]))
    names: dict[bytes, str] = {item.id: f"v{number}" for number, item in enumerate(items)}
    modules = {"numpy"}
    body = []
    for item in items:
        body.append(f"    {_line(item, names, modules)}")
    text = "\n".join(body)
    if "drawn(" in text:
        modules.add("copy")
    if "struct.unpack" in text:
        modules.add("struct")
    helpers = [_FIXED, *(code for mark, code in _HELPERS.items() if mark in text)]
    imports = "\n".join(f"import {module}" for module in sorted(modules))
    parts = [imports, *(code.rstrip() for code in helpers), f"\ndef {_ENTRY}(read):\n{text}"]
    return "\n\n".join(parts) + f"\n    return {names[root.id]}\n"


def recompute(traced: TracedArray | Item, leaves: Mapping[str, Array] | None = None) -> Any:
    """Run the program of a trace and return its value.

    Parameters
    ----------
    leaves : mapping of str to array, optional
        Arrays that the trace read, by hexadecimal content id; those still in memory need not be
        given.

    Raises
    ------
    NotFound
        When an array that the trace read is neither given nor in memory.
    """
    root = traced.made if isinstance(traced, TracedArray) else traced
    held = {content_of(item): item.value for item in leaves_of(root)}

    def read(content: str) -> Array:
        value = (leaves or {}).get(content)
        value = held.get(content) if value is None else value
        if value is None:
            raise NotFound(
                "An array that this trace read is not at hand.",
                got=content,
                hint="Give it as leaves={content_id: array}.",
            )
        return value

    scope: dict[str, Any] = {}
    exec(compile(program(root), "<trace>", "exec"), scope)
    function: Callable[..., Any] = scope[_ENTRY]
    return function(read)


def leaves_of(root: Item) -> list[Item]:
    """Return the arrays that a trace read, as leaf items."""
    return [item for item in walk([root]) if item.opcode == READ]


def content_of(leaf: Item) -> str:
    """Return the content id of a leaf, in hexadecimal."""
    content: bytes = decode_call(leaf.data)[0][0]
    return content.hex()


def _line(item: Item, names: Mapping[bytes, str], modules: set[str]) -> str:
    name = names[item.id]
    args, kwargs = decode_call(item.data)
    inputs = [_input(item, source_item, names) for source_item in item.inputs]
    if item.opcode == READ:
        return f'{name} = read("{content_of(item)}")'
    if item.opcode == SEED:
        return f"{name} = numpy.random.default_rng({source(args[0], inputs)})"
    if item.opcode.startswith(DRAW):
        method = drawing(item.opcode)
        rest = _arguments(args[2:], kwargs, inputs)
        # The state is the first input; the value and the state after it have names of their own.
        state = _state(item.inputs[0], names)
        return f'{name}, {name}s = drawn({state}, "{method}"{rest})'
    if item.opcode == OUTPUT:
        path = "".join(f"[{int(index)}]" for index in args[1])
        return f"{name} = {inputs[0]}{path}"
    return f"{name} = fixed({_expression(item.opcode, args, kwargs, inputs, modules)})"


def _state(state: Item, names: Mapping[bytes, str]) -> str:
    return f"{names[state.id]}s" if state.opcode.startswith(DRAW) else names[state.id]


def _input(item: Item, given: Item, names: Mapping[bytes, str]) -> str:
    return names[given.id]


def _expression(
    opcode: str, args: Sequence[Any], kwargs: Mapping[str, Any], inputs: Sequence[str],
    modules: set[str],
) -> str:  # fmt: skip
    if opcode == GETITEM:
        return f"{source(args[0], inputs)}[{source(args[1], inputs)}]"
    if opcode == BLOCKS:
        return f"blocks({source(args[0], inputs)})"
    if opcode == WRITEBACK:
        return _writeback(args, inputs, modules)
    if opcode.startswith(MUTATE):
        out = opcode.startswith(f"{MUTATE}out:")
        inner = opcode.removeprefix(f"{MUTATE}out:" if out else MUTATE)
        function = _callable(inner, modules)
        rest = _arguments(args, kwargs, inputs)
        return f"{'filled' if out else 'changed'}({function}{rest})"
    rest = _arguments(args, kwargs, inputs).removeprefix(", ")
    return f"{_callable(opcode, modules)}({rest})"


def _writeback(args: Sequence[Any], inputs: Sequence[str], modules: set[str]) -> str:
    base, new, opcode, rest, kwargs, path = args
    if opcode == GETITEM:
        take = f"lambda a: a[{source(rest[0], inputs)}]"
    else:
        arguments = _arguments(rest, kwargs, inputs)
        take = f"lambda a: {_callable(opcode, modules)}(a{arguments})"
    return f"written({source(base, inputs)}, {source(new, inputs)}, {take}, {source(path, inputs)})"


def _callable(opcode: str, modules: set[str]) -> str:
    modules.add(module_of(opcode))
    return opcode


def _arguments(args: Sequence[Any], kwargs: Mapping[str, Any], inputs: Sequence[str]) -> str:
    parts = [source(arg, inputs) for arg in args]
    parts.extend(f"{name}={source(value, inputs)}" for name, value in kwargs.items())
    return "".join(f", {part}" for part in parts)


def matches(value: Array, other: Array) -> bool:
    """Tell whether two arrays are the same bits: dtype, shape and bytes."""
    left, right = np.asarray(value), np.asarray(other)
    same_kind = left.dtype == right.dtype and left.shape == right.shape
    return same_kind and left.tobytes() == right.tobytes()
