"""The two questions about code: what is its id, and what does the id cover."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from clew.lineage.canonical import CodeId, digest
from clew.lineage.code import objects as _registers_handlers  # noqa: F401
from clew.lineage.code.guards import Guards
from clew.lineage.code.nesting import in_progress, nesting
from clew.lineage.code.record import CodeRecord
from clew.lineage.code.static import FORMAT, static_of
from clew.lineage.code.tokens import token
from clew.lineage.code.walk import Edge, Walk, Where, key

_RECORDS = 1024
_walked: dict[int, tuple[FunctionType, Guards, CodeId]] = {}
_records: dict[tuple[CodeId, str, str, str, bool], CodeRecord] = {}


def code_id(obj: object, depends_on: Iterable[object] = ()) -> CodeId:
    """Return the fingerprint of code.

    Parameters
    ----------
    obj : callable or class
        Function, lambda, method, class, partial, built-in, or an instance that can be called.
    depends_on : iterable, optional
        What else the result depends on: functions, classes, modules, values.

    Raises
    ------
    clew.errors.Unhashable
        If something that is read has no sound content id; the message names it.

    Examples
    --------
    >>> code_id(lambda x: x + 1) == code_id(lambda x: (x + 1))
    True
    """
    if type(obj) is FunctionType and not depends_on:
        known = _guarded(obj)
        if known is not None:
            return known
    with nesting() as stack:
        found = stack.known(obj) if not depends_on else None
        if found is not None:
            return found
        outer = stack.outer()
        walk = Walk(stack, recording=outer is not None and outer.recording)
        found = _walk(walk, obj, tuple(depends_on))
    if outer is None and type(obj) is FunctionType and not depends_on and not walk.guards.is_loose:
        if len(_walked) >= _RECORDS:
            _walked.clear()
        _walked[id(obj)] = (obj, walk.guards, found)
    return found


def _guarded(function: FunctionType) -> CodeId | None:
    """Return the id of a function that was walked before, when a walk now would give the same.

    A walk in progress needs to know what lies below it, and goes on.
    """
    known = _walked.get(id(function))
    if known is None or known[0] is not function or in_progress() or not known[1].hold():
        return None
    return known[2]


def code_record(obj: object, depends_on: Iterable[object] = ()) -> CodeRecord:
    """Return the fingerprint of code together with all that it covers.

    Parameters and errors are those of `code_id`, and so is the id.
    """
    declared = tuple(depends_on)
    module, qualname = _place(obj)
    key = (code_id(obj, declared), module, qualname, _source(obj), bool(declared))
    known = _records.get(key)
    if known is None:
        with nesting() as stack:
            walk = Walk(stack, recording=True)
            _walk(walk, obj, declared)
        if len(_records) >= _RECORDS:
            _records.clear()
        known = _records[key] = _record(walk, *key)
    return known


def _record(
    walk: Walk, found: CodeId, module: str, qualname: str, source: str, declared: bool
) -> CodeRecord:
    def texts(*kinds: str) -> tuple[str, ...]:
        return tuple(sorted({item.text for item in walk.findings if item.kind in kinds}))

    return CodeRecord(
        id=found,
        module=module,
        qualname=qualname,
        source=source or next((u.source for u in walk.units if u.name == qualname), ""),
        units=tuple(walk.units),
        libraries=tuple(sorted(walk.libraries.items())),
        ambient=texts("ambient") if declared else texts("ambient", "dynamic"),
        generators=texts("generator"),
        files=texts("file"),
        paths=tuple(sorted(walk.paths)),
        caches=texts("cache"),
    )


def _source(obj: object) -> str:
    if not isinstance(obj, FunctionType):
        return ""
    return static_of(obj.__code__, obj.__globals__).source


def _walk(walk: Walk, obj: object, depends_on: tuple[object, ...]) -> CodeId:
    stack = walk.nesting
    outer = stack.outer()
    depth = stack.enter(obj, walk)
    if depth is not None:
        return CodeId(digest("code-cycle", FORMAT, [depth.to_bytes(4, "little")]))
    closed = False
    try:
        found = walk.run(_roots(walk, obj, depends_on))
    finally:
        closed = stack.leave()
    if outer is not None and outer.recording:
        outer.adopt(walk)
    if closed and not depends_on:
        stack.remember(obj, found)
    return found


def _roots(walk: Walk, obj: object, depends_on: tuple[object, ...]) -> Iterable[Edge]:
    module, qualname = _place(obj)
    yield key("root"), token(walk, obj, Where(module, qualname))
    for index, item in enumerate(depends_on):
        yield key("declared"), token(walk, item, Where(module, f"depends_on.{index}"))


def _place(obj: Any) -> tuple[str, str]:
    named = obj if isinstance(getattr(obj, "__qualname__", None), str) else type(obj)
    return str(getattr(named, "__module__", None) or "builtins"), named.__qualname__
