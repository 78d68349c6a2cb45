"""The walk through a value: every type tagged, every field framed, every alias written down."""

from __future__ import annotations

import builtins
import contextvars
import sys
import threading
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, ParamSpec, TypeVar

from clew.errors import Unhashable
from clew.lineage.canonical import ValueId, digest, frame
from clew.lineage.fingerprint.buffers import collapse
from clew.lineage.fingerprint.registry import Entry, entry_for

FORMAT = 1
"""Version of the encoding: golden literals in the tests freeze it."""

CodeHook = Callable[[object], bytes]
"""Gives the identity of a function, class, method or builtin; raises `Unhashable`."""

P = ParamSpec("P")
R = TypeVar("R")
Atom = Callable[[Any], bytes]

ATOMS: dict[type, Atom] = {}
"""Encoders of exact immutable leaf types, looked up first: complete at import, never added to."""

_HOP_LEVELS = 40
_MAX_LEVELS = 40_000
_installed_hook: list[CodeHook] = []


class Context:
    """What one walk remembers.

    Parameters
    ----------
    code : CodeHook, optional
        Overrides the installed identity of code.

    Attributes
    ----------
    seen : dict
        Mutable values by address: number of the first visit, and the value, kept alive so that
        its address is not given to another.
    stable : dict
        Immutable containers by address: their encoding, once a second visit cannot change it.
    trail : list of str
        Where an error happened, innermost step first.
    """

    __slots__ = ("_code", "_codes", "depth", "seen", "stable", "trail")

    def __init__(self, code: CodeHook | None = None) -> None:
        self.seen: dict[int, tuple[int, object]] = {}
        self.stable: dict[int, tuple[object, bytes]] = {}
        self.trail: list[str] = []
        self.depth = 0
        self._code = code
        self._codes: dict[int, tuple[object, bytes]] = {}

    def code(self, subject: object) -> bytes:
        """Return the identity of a function, class or builtin."""
        known = self._codes.get(id(subject))
        if known is None:
            known = (subject, bytes((self._code or _hook())(subject)))
            self._codes[id(subject)] = known
        return known[1]

    def fields(self, /, **parts: object) -> bytes:
        """Encode named parts of a value, in the order given."""
        out = []
        name = ""
        try:
            for name, part in parts.items():
                out += [frame(name.encode()), frame(encode(part, self))]
        except Unhashable:
            self.trail.append(f".{name}")
            raise
        return b"".join(out)

    def forget(self, mark: int) -> None:
        """Forget every mutable value seen since there were `mark` of them."""
        if len(self.seen) > mark:
            self.stable.clear()
        while len(self.seen) > mark:
            self.seen.popitem()


def set_code_hook(hook: CodeHook | None) -> None:
    """Install what gives code its identity; None goes back to `clew.lineage.code`."""
    _installed_hook[:] = [] if hook is None else [hook]


def _hook() -> CodeHook:
    if not _installed_hook:
        try:
            from clew.lineage.code import code_id
        except ImportError as error:
            raise Unhashable("no code fingerprints are installed") from error
        _installed_hook.append(code_id)
    return _installed_hook[0]


def fingerprint(value: object, *, code: CodeHook | None = None) -> ValueId:
    """Return the content id of any value.

    Two values share an id only when no program can tell them apart: type, dtype, key order,
    index, memory layout, aliasing, and the code of the classes and functions reached all count.

    Parameters
    ----------
    value : object
        Any value.
    code : CodeHook, optional
        Identity of code, in place of the installed one.

    Raises
    ------
    Unhashable
        When the value, or something inside it, has no sound content id; says where.

    Examples
    --------
    >>> fingerprint([1, 2]) == fingerprint([1, 2])
    True
    >>> fingerprint(1) == fingerprint(True)
    False
    """
    atom = ATOMS.get(type(value))
    if atom is not None:
        return ValueId(digest("value", FORMAT, [atom(value)]))
    try:
        return _fingerprint(value, Context(code))
    except RecursionError:
        # The caller's own stack may be nearly used up: a new thread has a fresh one.
        try:
            return _elsewhere(_fingerprint, value, Context(code))
        except RecursionError as error:
            raise refusal(value, "it is nested too deeply") from error


def _fingerprint(value: object, ctx: Context) -> ValueId:
    try:
        return ValueId(digest("value", FORMAT, [encode(value, ctx)]))
    except Unhashable as error:
        if not ctx.trail:
            raise
        steps = ctx.trail[::-1]
        if len(steps) > 12:
            steps = [*steps[:6], " … ", *steps[-6:]]
        raise Unhashable(
            f"at value{''.join(steps)}: {error.message}",
            got=error.got,
            expected=error.expected,
            hint=error.hint,
        ) from error


def encode(value: object, ctx: Context) -> bytes:
    """Return the canonical encoding of a value inside a walk.

    A type tag and its fields; long encodings appear as digests.
    """
    cls = type(value)
    atom = ATOMS.get(cls)
    if atom is not None:
        return atom(value)
    if ctx.depth % _HOP_LEVELS == _HOP_LEVELS - 1:
        if ctx.depth > _MAX_LEVELS:
            raise refusal(value, f"it lies more than {_MAX_LEVELS} levels deep")
        # One thread's stack holds a few hundred levels; deeper ones continue on another's.
        return _elsewhere(_visit, value, cls, ctx)
    return _visit(value, cls, ctx)


def _visit(value: object, cls: type, ctx: Context) -> bytes:
    entry = entry_for(cls)
    number = len(ctx.seen)
    if entry.shared:
        first = ctx.seen.setdefault(id(value), (number, value))
        if first[0] != number:
            return b"ref\0" + first[0].to_bytes(8, "little")
    else:
        known = ctx.stable.get(id(value))
        if known is not None:
            return known[1]
    ctx.depth += 1
    try:
        out = collapse(_head(entry, cls, ctx) + entry.encode(value, ctx))
    finally:
        ctx.depth -= 1
    if not entry.shared and len(ctx.seen) == number:
        ctx.stable[id(value)] = (value, out)
    return out


def _head(entry: Entry, cls: type, ctx: Context) -> bytes:
    tag = (entry.tag or "").encode()
    if entry.tag is not None and (entry.owner is cls or entry.names_class):
        return tag + b"\0"
    return b"class\0" + frame(tag) + frame(class_identity(cls, ctx))


def class_identity(cls: type, ctx: Context) -> bytes:
    """Return the identity of a class: where it is defined, its name, and what its code says.

    Two classes with the same body are two: ``isinstance`` tells them apart.
    """
    name = frame(cls.__qualname__.encode())
    if cls.__module__ == "builtins" and getattr(builtins, cls.__name__, None) is cls:
        return frame(b"builtins") + name
    return frame(home_of(cls.__module__).encode()) + name + ctx.code(cls)


def home_of(module: str) -> str:
    """Return the name of a module; a script that runs goes by the name it is imported by."""
    if module not in ("__main__", "__mp_main__"):
        return str(module)
    running = sys.modules.get(module)
    spec = getattr(running, "__spec__", None)
    if spec is not None:
        return str(spec.name).removesuffix(".__main__")
    file = PurePath(getattr(running, "__file__", None) or "")
    return file.stem if file.suffix == ".py" else "__main__"


def _elsewhere(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return `call(…)`, run on the empty stack of a new thread."""
    result: list[R] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            result.append(call(*args, **kwargs))
        except BaseException as error:
            errors.append(error)

    state = contextvars.copy_context()
    worker = threading.Thread(target=state.run, args=(run,), name="clew-fingerprint", daemon=True)
    worker.start()
    worker.join()
    if errors:
        raise errors[0]
    return result[0]


def refusal(value: object, why: str) -> Unhashable:
    """Return the error for a value without a sound content id."""
    cls = type(value)
    name = f"{cls.__module__}.{cls.__qualname__}".removeprefix("builtins.")
    return Unhashable(
        f"a {name} has no sound content id: {why}",
        got=name,
        expected="plain data, arrays, tables, estimators, or a type with a registered handler",
        hint="pass what it is made of instead, or register a handler for its type",
    )
