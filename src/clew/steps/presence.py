"""Questions about files that Python announces to nobody: is it there, how large is it.

`os.stat`, `os.lstat` and `os.access`, on which `os.path.exists`, `Path.stat` and their like stand,
raise no audit event. They are wrapped, once and for good: to the code of a step that names one of
them it must be the same object at every call.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

_SILENT = {"realpath", "_joinrealpath", "samefile", "rmtree", "_rmtree_safe_fd", "makedirs"}
"""Functions of the standard library that look at folders on the way, whatever is in them."""

_seen: Callable[[str], None] | None = None


def announce(seen: Callable[[str], None]) -> None:
    """Call `seen` with each path that Python code asks about."""
    global _seen
    if _seen is None:
        for name in ("stat", "lstat", "access"):
            _wrap(name)
    _seen = seen


def _wrap(name: str) -> None:
    original = getattr(os, name)

    @functools.wraps(original)
    def asked(path: Any, *args: Any, **options: Any) -> Any:
        if _seen is not None and not isinstance(path, int) and options.get("dir_fd") is None:
            _tell(path)
        return original(path, *args, **options)

    for group in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if original in group:
            group.add(asked)
    if original in os.supports_effective_ids:
        os.supports_effective_ids.add(asked)
    setattr(os, name, asked)


def _tell(path: Any) -> None:
    assert _seen is not None
    if sys._getframe(2).f_code.co_name in _SILENT:
        return
    try:
        name = os.fsdecode(path)
    except TypeError:
        return  # `os.stat` says what is wrong with it
    _seen(name)
