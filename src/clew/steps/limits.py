"""Time limits: a step that runs too long is interrupted."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
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


_DELIVERY_S = 0.1
"""An interruption arrives within some instructions of its thread."""


class _Interrupted(BaseException):
    """Thrown into a block that runs too long; turned into `StepTimeout` at the block's edge.

    Not an `Exception`: a step that catches those must not catch the end of its time.
    """


def _error(timeout_s: float, name: str) -> StepTimeout:
    return StepTimeout(
        f"step {name} ran longer than its limit",
        expected=f"at most {timeout_s:g} s",
        hint="raise timeout_s, or let the step checkpoint and resume",
    )


@contextmanager
def _alarm(timeout_s: float, name: str) -> Iterator[None]:
    mine = _Interrupted()

    def ring(number: int, frame: FrameType | None) -> None:
        raise mine

    started = time.monotonic()
    previous = signal.signal(signal.SIGALRM, ring)
    # The alarm of a step around this one is set again afterwards, with what is left of its time.
    outer_s, _ = signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    except _Interrupted as interruption:
        if interruption is not mine:
            raise
        raise _error(timeout_s, name) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if outer_s:
            left_s = outer_s - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left_s, 1e-6))


@contextmanager
def _watchdog(timeout_s: float, name: str) -> Iterator[None]:
    target = threading.get_ident()

    class Mine(_Interrupted):
        """The end of this block's time, and of no other's."""

    over = threading.Lock()  # taken by whichever comes first: the end of the block, or of the time

    def ring() -> None:
        if over.acquire(blocking=False):
            _throw(target, Mine)

    timer = threading.Timer(timeout_s, ring)
    timer.daemon = True
    timer.start()
    try:
        try:
            yield
        except Mine:
            raise
        except BaseException:
            _meet(over)
            raise
        _meet(over)
    except Mine:
        raise _error(timeout_s, name) from None
    finally:
        timer.cancel()


def _meet(over: threading.Lock) -> None:
    """Wait for an interruption that is on its way: it must not arrive in other code."""
    if not over.acquire(blocking=False):
        deadline = time.monotonic() + _DELIVERY_S
        while time.monotonic() < deadline:
            time.sleep(0.001)


def _throw(thread: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
