"""Which steps run at the same time in this process: they share its global generators.

A step that draws from a global generator while another step runs may find its draws mixed with
the other's, seeded or not. Its result is given to whoever asked, and never again.
"""

from __future__ import annotations

import threading

from clew.steps.context import Execution

REASON = "draws from a global random generator while another step runs in the same process"

_lock = threading.Lock()
_present: list[Execution] = []


class among:
    """Count `execution` as running for the length of the block."""

    __slots__ = ("_execution",)

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def __enter__(self) -> None:
        execution = self._execution
        with _lock:
            if _present:
                family = _callers(execution)
                for other in _present:
                    if other not in family:
                        other.accompanied = execution.accompanied = True
            _present.append(execution)

    def __exit__(self, *_: object) -> None:
        with _lock:
            _present.remove(self._execution)


def _callers(execution: Execution) -> set[Execution]:
    found: set[Execution] = set()
    caller = execution.outer
    while caller is not None:
        found.add(caller)
        caller = caller.outer
    return found
