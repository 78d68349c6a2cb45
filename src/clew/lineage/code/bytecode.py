"""Canonical bytecode: the form in which two compiled functions are compared.

Jump targets are instruction numbers, constants are resolved, local variables are numbered by first
use; line numbers, file name and docstring are left out. It decides whether the text on disk is the
code that runs, and it is the fingerprint of code without such a text (an edited file, `exec`, an
assertion that a test runner rewrote).
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType

from clew.lineage.canonical import frame
from clew.lineage.code.literals import literal
from clew.lineage.code.scopes import reads_local_names, words_of

_SILENT = {"EXTENDED_ARG", "CACHE", "NOP", "RESUME", "MAKE_CELL", "COPY_FREE_VARS"}
_LOCAL_OPS = frozenset(dis.haslocal)
_FREE_OPS = frozenset(dis.hasfree)
_CONST_OPS = frozenset(dis.hasconst)
_NAME_OPS = frozenset(dis.hasname)
_JUMP_OPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200  # *args, **kwargs, generator, coroutine, …


def nested(code: CodeType) -> list[CodeType]:
    """Return the code objects among a code object's constants."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def every(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all that are nested in it."""
    yield code
    for inner in nested(code):
        yield from every(inner)


def instructions(code: CodeType) -> list[dis.Instruction]:
    """Return the instructions that mean something, without padding."""
    return [step for step in dis.get_instructions(code) if step.opname not in _SILENT]


def canonical_bytecode(code: CodeType) -> tuple[bytes, tuple[str, ...]]:
    """Return canonical bytes of compiled code, and its free variables by first use."""
    writer = _Writer(_spoken(code))
    content = writer.write(code, {})
    used = tuple(writer.free_order)
    return content, used + tuple(sorted(set(code.co_freevars) - set(used)))


def _spoken(code: CodeType) -> frozenset[str] | None:
    words: set[str] = set()
    for part in every(code):
        if reads_local_names(frozenset(part.co_names)):
            return None
        strings = (c for c in _loaded_constants(part) if isinstance(c, str))
        words.update(word for text in strings for word in words_of(text))
    return frozenset(words)


def _loaded_constants(code: CodeType) -> Iterator[object]:
    return (_constant(step, code) for step in instructions(code) if step.opcode in _CONST_OPS)


def _constant(step: dis.Instruction, code: CodeType) -> object:
    # Not `argval`: `dis` does not know the names of keyword arguments (KW_NAMES) for constants.
    assert step.arg is not None
    return code.co_consts[step.arg]


@dataclass(slots=True)
class _Names:
    """What the variables of one code object are called, and which come from around it."""

    labels: dict[str, bytes]
    free: frozenset[str]
    numbers: dict[int, int]


@dataclass(slots=True)
class _Writer:
    spoken: frozenset[str] | None
    free_order: dict[str, int] = field(default_factory=dict)
    variables: int = 0

    def write(self, code: CodeType, outer: dict[str, bytes]) -> bytes:
        """Write one code object; `outer` says what its free variables are called."""
        steps = list(dis.get_instructions(code))
        names = _Names(_parameter_labels(code), frozenset(code.co_freevars), _numbers(steps))
        names.labels.update((name, outer[name]) for name in code.co_freevars if name in outer)
        content = [_header(code)]
        for step in steps:
            if step.opname not in _SILENT:
                content += [frame(step.opname.encode()), frame(self._operand(step, names, code))]
        return frame(b"".join(content))

    def _operand(self, step: dis.Instruction, names: _Names, code: CodeType) -> bytes:
        if step.opcode in _JUMP_OPS:
            return b"j" + names.numbers[step.argval].to_bytes(4, "little")
        if step.opcode in _CONST_OPS:
            return self._constant(_constant(step, code), names.labels)
        if step.opcode in _NAME_OPS:
            return b"g" + frame(str(step.argval).encode())
        if step.opcode in _LOCAL_OPS or step.opcode in _FREE_OPS:
            used = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            return b"".join(self.label(str(name), names) for name in used)
        return b"" if step.arg is None else literal(step.arg)

    def _constant(self, value: object, labels: dict[str, bytes]) -> bytes:
        if isinstance(value, CodeType):
            return frame(value.co_name.encode()) + self.write(value, labels)
        return literal(value)

    def label(self, name: str, names: _Names) -> bytes:
        """Return what a variable is called: by number, unless its name can be seen."""
        if name in names.labels:
            return names.labels[name]
        visible = b"" if self.spoken is not None and name not in self.spoken else name.encode()
        if name in names.free:
            index = self.free_order.setdefault(name, len(self.free_order))
            return b"f" + index.to_bytes(4, "little") + frame(visible)
        names.labels[name] = b"v" + self.variables.to_bytes(4, "little") + frame(visible)
        self.variables += 1
        return names.labels[name]


def _numbers(steps: list[dis.Instruction]) -> dict[int, int]:
    """Number the instructions; a jump to padding lands on what follows it."""
    numbers, count = {}, 0
    for step in steps:
        numbers[step.offset] = count
        count += step.opname not in _SILENT
    return numbers


def _header(code: CodeType) -> bytes:
    counts = (code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount)
    return literal((counts, code.co_flags & _FLAGS, _parameters(code), code.co_exceptiontable))


def _parameters(code: CodeType) -> tuple[str, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return code.co_varnames[:count]


def _parameter_labels(code: CodeType) -> dict[str, bytes]:
    return {name: b"p" + frame(name.encode()) for name in _parameters(code)}
