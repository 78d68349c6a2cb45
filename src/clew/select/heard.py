"""Warnings of work that is shared: heard once, given again for everybody who shares it.

scikit-learn fits a stage for each configuration, and the stage warns each time. Here it is fitted
once, and its warnings are repeated, with the place they point to, so that as many are given. What
a task warned is kept with its scores, as text, and given again when the store answers for it.
"""

from __future__ import annotations

import builtins
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from clew.reuse.notices import Microphone, Notice

T = TypeVar("T")
Told = tuple[str, str, str, int, str]
"""A warning as plain values: text, category (``module:name``), file, line, module."""

Level = tuple[Told, ...] | None
"""What one part of a task warned; None where that is not known, or cannot be said in text."""

_ears = threading.local()
_lock = threading.Lock()
_open: list[Microphone] = []
_listening: list[list[Notice]] = []
_count = 0


def _hear(notice: Notice) -> None:
    heard: list[list[Notice]] = getattr(_ears, "heard", [])
    if heard:
        heard[-1].append(notice)
        return
    with _lock:  # a helper thread: whose warning it is cannot be told
        for notices in _listening:
            notices.append(_SOMEBODYS)


_SOMEBODYS = Notice("", Warning, "", 0, "")
"""Stands for warnings of which nobody knows whose they are."""


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
    with listening() as notices:
        return action(), notices


@contextmanager
def listening() -> Iterator[list[Notice]]:
    """Give the list of the warnings that this thread hears in the block."""
    if not hasattr(_ears, "heard"):
        _ears.heard = []
    notices: list[Notice] = []
    _ears.heard.append(notices)
    _listen()
    with _lock:
        _listening.append(notices)
    try:
        yield notices
    finally:
        with _lock:
            _listening[:] = [other for other in _listening if other is not notices]
        _stop()
        _ears.heard.pop()


def again(notices: Sequence[Notice], times: int) -> None:
    """Give warnings again, so often."""
    for _ in range(times):
        for notice in notices:
            if notice is not _SOMEBODYS:
                notice.give()


def for_all(action: Callable[[], T], users: int, told: list[Level]) -> T:
    """Run something on behalf of several users: its warnings are given once for each.

    Parameters
    ----------
    told : list of Level
        Where it is added what was heard.
    """
    with listening() as notices:
        try:
            return action()
        finally:  # what fails has warned before
            again(notices, users - 1)
            told.append(tell(notices))


def tell(notices: Sequence[Notice]) -> Level:
    """Return warnings as plain values, or None where another process could not give them again."""
    told = []
    for notice in notices:
        category, text = notice.category, str(notice.message)
        name = f"{category.__module__}:{category.__qualname__}"
        if notice is _SOMEBODYS or _warning(name, text) is None:
            return None
        told.append((text, name, notice.filename, notice.line, notice.module))
    return tuple(told)


def merged(levels: Iterable[Level]) -> Level:
    """Return several levels as one."""
    found: list[Told] = []
    for level in levels:
        if level is None:
            return None
        found += level
    return tuple(found)


def retell(levels: Iterable[Level]) -> bool:
    """Give what was told again; return False, with nothing given, where that cannot be done."""
    notices = []
    for level in levels:
        for text, name, filename, line, module in level or ():
            message = _warning(name, text)
            if message is None:
                return False
            notices.append(Notice(message, type(message), filename, line, module))
        if level is None:
            return False
    again(notices, 1)
    return True


def _warning(name: str, text: str) -> Warning | None:
    """Return a warning by its category's name and its text, if that says all there is."""
    module, _, qualname = name.partition(":")
    found: Any = builtins if module == "builtins" else sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, Warning)):
        return None
    try:
        made = found(text)
    except Exception:
        return None
    return made if str(made) == text else None


def without_gaps(action: Callable[[], T]) -> T:
    """Run something without the warning that scores are missing: they were left out on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One or more of the .* scores are non-finite")
        return action()
