"""Warnings of work that is shared: heard once, given again for everybody who shares it.

scikit-learn fits a stage for each configuration, and the stage warns each time. Here it is fitted
once, and its warnings are repeated, with the place they point to, so that as many are given.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from clew.reuse.notices import Microphone, Notice

T = TypeVar("T")
_ears = threading.local()
_lock = threading.Lock()
_open: list[Microphone] = []
_count = 0


def _hear(notice: Notice) -> None:
    heard: list[list[Notice]] = getattr(_ears, "heard", [])
    if heard:
        heard[-1].append(notice)


def _listen() -> None:
    global _count
    with _lock:
        _count += 1
        if _count == 1:
            microphone = Microphone(_hear)
            microphone.install()
            _open.append(microphone)


def _stop() -> None:
    global _count
    with _lock:
        _count -= 1
        if _count == 0:
            _open.pop().remove()


def heard(action: Callable[[], T]) -> tuple[T, Sequence[Notice]]:
    """Run something; return its result and the warnings that this thread heard meanwhile."""
    if not hasattr(_ears, "heard"):
        _ears.heard = []
    notices: list[Notice] = []
    _ears.heard.append(notices)
    _listen()
    try:
        return action(), notices
    finally:
        _stop()
        _ears.heard.pop()


def again(notices: Sequence[Notice], times: int) -> None:
    """Give warnings again, so often."""
    for _ in range(times):
        for notice in notices:
            notice.give()


def for_all(action: Callable[[], T], users: int) -> T:
    """Run something on behalf of several users: its warnings are given once for each."""
    if users <= 1:
        return action()
    result, notices = heard(action)
    again(notices, users - 1)
    return result


def without_gaps(action: Callable[[], T]) -> T:
    """Run something without the warning that scores are missing: they were left out on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One or more of the .* scores are non-finite")
        return action()
