"""Code that a value carries: a step that calls it reads what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import ValueId
from clew.lineage.code import code_id, code_record
from clew.lineage.code.ambient import canonical_name, finding
from clew.lineage.code.origin import is_project_module
from clew.lineage.fingerprint import fingerprint
from clew.lineage.fingerprint.walk import ATOMS


def fingerprint_with_code(value: object) -> tuple[ValueId, tuple[object, ...]]:
    """Return a value's content id, and the functions and classes that are part of it.

    However deep they lie: in an estimator's parameters, in a container inside a container.

    Raises
    ------
    Unhashable
        When the value has no content id.
    """
    if type(value) in ATOMS:
        return fingerprint(value), ()
    found: list[object] = []

    def note(subject: object) -> bytes:
        found.append(subject)
        return code_id(subject)

    return fingerprint(value, code=note), tuple(found)


def ambient_in(carried: Iterable[object]) -> Iterator[str]:
    """Yield what functions and classes of the project read of the world, when they are called."""
    for subject in carried:
        yield from _ambient(subject)


def _ambient(subject: Any) -> tuple[str, ...]:
    module, name = getattr(subject, "__module__", None), getattr(subject, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        found = finding(canonical_name(f"{module}.{name}"), ())
        if found is not None and found.kind == "ambient":
            return (found.text,)
        if isinstance(subject, type) and not is_project_module(module):
            return ()
    try:
        record = code_record(subject)
    except Unhashable:
        return ()  # it has no content id either, which forbids reuse already
    kept = (f"{name}: its answers are kept, from what is not seen" for name in record.caches)
    return *record.ambient, *kept
