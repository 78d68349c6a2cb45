"""Time limits: a step that runs too long is interrupted."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from clew.errors import StepTimeout


@contextmanager
def limited(timeout_s: float | None, name: str) -> Iterator[None]:
    """Raise `StepTimeout` in this thread when the block takes longer than `timeout_s`.

    The interruption arrives between two Python instructions: a long call into C code ends first.
    """
    if timeout_s is None:
        yield
    elif threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(timeout_s, name):
            yield
    else:
        with _watchdog(timeout_s, name):
            yield


class _Interrupted(Exception):
    """Thrown into a thread from outside; turned into `StepTimeout` at the edge of the block."""


def _error(timeout_s: float, name: str) -> StepTimeout:
    return StepTimeout(
        f"step {name} ran longer than its limit",
        expected=f"at most {timeout_s:g} s",
        hint="raise timeout_s, or let the step checkpoint and resume",
    )


@contextmanager
def _alarm(timeout_s: float, name: str) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise _error(timeout_s, name)

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def _watchdog(timeout_s: float, name: str) -> Iterator[None]:
    target = threading.get_ident()

    def ring() -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(target), ctypes.py_object(_Interrupted)
        )

    timer = threading.Timer(timeout_s, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _Interrupted:
        raise _error(timeout_s, name) from None
    finally:
        timer.cancel()
