"""Which steps run at the same time in this process: they share its global generators.

A step that draws from a global generator while another step runs may find its draws mixed with
the other's, seeded or not. Its result is given to whoever asked, and never again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clew.steps.context import Execution

REASON = "draws from a global random generator while another step runs in the same process"

_lock = threading.Lock()
_present: list[Execution] = []


@contextmanager
def among(execution: Execution) -> Iterator[None]:
    """Count `execution` as running for the length of the block."""
    family = _callers(execution)
    with _lock:
        for other in _present:
            if other not in family:
                other.accompanied = execution.accompanied = True
        _present.append(execution)
    try:
        yield
    finally:
        with _lock:
            _present.remove(execution)


def _callers(execution: Execution) -> set[Execution]:
    found: set[Execution] = set()
    caller = execution.outer
    while caller is not None:
        found.add(caller)
        caller = caller.outer
    return found
