"""What compiled code reads from outside itself: names, attribute chains, local imports.

Read from the bytecode, so that the answer is that of the code that runs, with or without a text.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Literal

from clew.lineage.code.bytecode import instructions

_CALLS = {"CALL", "CALL_FUNCTION", "CALL_METHOD", "CALL_FUNCTION_EX", "CALL_KW"}
_BEFORE_CALL = {"PUSH_NULL", "PRECALL", "KW_NAMES"}
_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_CELL = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
_CONST = {"LOAD_CONST", "LOAD_SMALL_INT"}
Root = Literal["global", "free", "import"]


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """How the end of a chain is called: without arguments, and with which literal first.

    `first` is the first argument if it is a literal string, `second` the one after it; `unseeded`
    is true of ``f()`` and ``f(None)``; `name` is the first argument where it is a global.
    """

    unseeded: bool = False
    first: str | None = None
    second: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A name, and the attributes that are taken of it: ``features.scale`` is one read."""

    root: Root
    name: str
    attributes: tuple[str, ...]
    level: int = 0
    calls: tuple[Call, ...] = ()


_Key = tuple[Root, str, tuple[str, ...], int]
_Aliases = dict[str, tuple[_Key, ...]]


def reads_of(code: CodeType) -> tuple[Read, ...]:
    """Return what a function reads, nested functions included, in a fixed order.

    Examples
    --------
    >>> def f(x): return abs(x) + math.pi
    >>> [(read.name, read.attributes) for read in reads_of(f.__code__)]
    [('abs', ()), ('math', ('pi',))]
    """
    found: dict[_Key, set[Call]] = {}
    _Reader(found).visit(code, frozenset(code.co_freevars), {})
    return tuple(
        Read(root, name, attributes, level, tuple(sorted(calls, key=repr)))
        for (root, name, attributes, level), calls in sorted(found.items(), key=lambda i: i[0])
    )


@dataclass(slots=True)
class _Reader:
    found: dict[_Key, set[Call]]

    def visit(self, code: CodeType, free: frozenset[str], aliases: _Aliases) -> None:
        """Collect the reads of one code object, then of those nested in it."""
        own = set(code.co_varnames) | set(code.co_cellvars)
        known = {name: keys for name, keys in aliases.items() if name not in own}
        steps = instructions(code)
        for name, key in self._imports(steps):
            known[name] = (*known.get(name, ()), key)
        for start, step in enumerate(steps):
            if not _names_class(steps, start):
                for key in self._roots(step, free, known):
                    self._chain(steps, start, key)
        for inner in (c for c in code.co_consts if isinstance(c, CodeType)):
            self.visit(inner, free & frozenset(inner.co_freevars), known)

    def _roots(
        self, step: dis.Instruction, free: frozenset[str], aliases: _Aliases
    ) -> Iterator[_Key]:
        name = step.argval
        if step.opname in _GLOBAL:
            yield "global", name, (), 0
        elif step.opname in _CELL:
            if name in aliases:
                yield from aliases[name]
            elif name in free:
                yield "free", name, (), 0
        elif step.opname.startswith(("LOAD_FAST", "STORE_FAST_LOAD_FAST")):
            names = name if isinstance(name, tuple) else (name,)
            for local in names:
                yield from aliases.get(local, ())

    def _chain(self, steps: list[dis.Instruction], start: int, key: _Key) -> None:
        root, name, attributes, level = key
        position = start + 1
        while position < len(steps) and steps[position].opname in _ATTRIBUTE:
            attributes = (*attributes, steps[position].argval)
            position += 1
        calls = self.found.setdefault((root, name, attributes, level), set())
        call = _call(steps, position)
        if call is not None:
            calls.add(call)

    def _imports(self, steps: list[dis.Instruction]) -> Iterator[tuple[str, _Key]]:
        """Record imports inside the function; yield the names that then stand for modules."""
        for start, step in enumerate(steps):
            if step.opname != "IMPORT_NAME":
                continue
            level, named = steps[start - 2].argval, steps[start - 1].argval
            if named:
                yield from self._import_from(steps, start + 1, step.argval, level)
            else:
                yield from self._import_module(steps, start + 1, step.argval, level)

    def _import_module(
        self, steps: list[dis.Instruction], position: int, module: str, level: int
    ) -> Iterator[tuple[str, _Key]]:
        """Follow ``import a.b`` (binds a) and ``import a.b as c`` (takes b of a, binds a.b)."""
        self.found.setdefault(("import", module, ("",), level), set())
        target = module
        if steps[position].opname != "IMPORT_FROM":
            target = module.partition(".")[0]
        while steps[position].opname in ("IMPORT_FROM", "SWAP", "ROT_TWO", "POP_TOP"):
            position += 1
        for name in _stored(steps[position]):
            yield name, ("import", target, (), level)

    def _import_from(
        self, steps: list[dis.Instruction], position: int, module: str, level: int
    ) -> Iterator[tuple[str, _Key]]:
        while steps[position].opname == "IMPORT_FROM":
            key: _Key = ("import", module, (steps[position].argval,), level)
            self.found.setdefault(key, set())
            for name in _stored(steps[position + 1]):
                yield name, key
            position += 2


def _names_class(steps: list[dis.Instruction], start: int) -> bool:
    """Tell whether this is how a class body notes the module that it stands in."""
    following = steps[start + 1] if start + 1 < len(steps) else None
    return (
        steps[start].argval == "__name__"
        and following is not None
        and following.opname.startswith("STORE_")
        and following.argval == "__module__"
    )


def _stored(step: dis.Instruction) -> tuple[str, ...]:
    if not step.opname.startswith("STORE_"):
        return ()
    return step.argval[:1] if isinstance(step.argval, tuple) else (step.argval,)


def _call(steps: list[dis.Instruction], position: int) -> Call | None:
    """Return how the value on the stack at `position` is called, if it is called at once."""
    seen: list[dis.Instruction] = []
    while position < len(steps) and len(seen) < 3:
        step = steps[position]
        if step.opname in _CALLS:
            unseeded = step.opname == "CALL" and step.arg == len(seen) and _is_none(seen)
            return _described(seen, unseeded=unseeded)
        if step.opname not in _BEFORE_CALL:
            seen.append(step)
        position += 1
    return _described(seen, unseeded=False) if seen else None


def _is_none(arguments: list[dis.Instruction]) -> bool:
    return all(step.opname in _CONST and step.argval is None for step in arguments)


def _described(seen: list[dis.Instruction], *, unseeded: bool) -> Call:
    texts = [
        step.argval if step.opname in _CONST and isinstance(step.argval, str) else None
        for step in seen[:2]
    ] + [None, None]
    name = seen[0].argval if seen and seen[0].opname in _GLOBAL else None
    return Call(unseeded, texts[0], texts[1], name)
