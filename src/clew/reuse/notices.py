"""Warnings as results: heard while a call runs, given again when its result is reused."""

from __future__ import annotations

import sys
import threading
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_OWN = ("clew.reuse.estimators.", "clew.reuse.notices", "clew.reuse.trace.")

_inside = threading.local()
"""Whether this thread issues a warning that was heard already."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One warning, with the place that it points to."""

    message: Warning | str
    category: type[Warning]
    filename: str
    line: int
    module: str

    def give(self) -> None:
        """Issue the warning again, as if its code had run."""
        loaded = sys.modules.get(self.module)
        registry = None
        if loaded is not None:
            registry = vars(loaded).setdefault("__warningregistry__", {})
        place = (self.filename, self.line, self.module, registry)
        before, _inside.yes = getattr(_inside, "yes", False), True
        try:
            warnings.warn_explicit(self.message, self.category, *place)
        finally:
            _inside.yes = before


Listener = Callable[[Notice], None]


class Microphone:
    """Hears every warning of the process, whatever the filters do with it afterwards."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._originals: dict[str, Any] = {}

    def install(self) -> None:
        """Begin to listen."""
        for name, wrap in (("warn", self._warn), ("_showwarnmsg", self._show)):
            original = getattr(warnings, name, None)
            if original is not None:
                self._originals[name] = original
                setattr(warnings, name, wrap(original))

    def remove(self) -> None:
        """Stop listening."""
        while self._originals:
            name, original = self._originals.popitem()
            setattr(warnings, name, original)

    def _warn(self, original: Callable[..., None]) -> Callable[..., None]:
        def warn(
            message: Any,
            category: Any = None,
            stacklevel: int = 1,
            source: Any = None,
            **more: Any,
        ) -> None:
            frame, level = _pointed_at(max(stacklevel, 1))
            self._hear(message, category, frame)
            _inside.yes = True
            try:
                original(message, category, level, source, **more)
            finally:
                _inside.yes = False

        warn.__clew_hooked__ = original  # type: ignore[attr-defined]
        return warn

    def _hear(self, message: Any, category: Any, frame: types.FrameType) -> None:
        if isinstance(message, Warning):
            category = type(message)
        if not isinstance(category, type) or not issubclass(category, Warning):
            category = UserWarning
        place = (frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""))
        self._listener(Notice(message, category, *place))

    def _show(self, original: Callable[..., None]) -> Callable[..., None]:
        def show(message: Any) -> None:
            if not getattr(_inside, "yes", False):
                name = _module_of(message.filename)
                place = (message.filename, message.lineno, name)
                self._listener(Notice(message.message, message.category, *place))
            original(message)

        return show


def _pointed_at(stacklevel: int) -> tuple[types.FrameType, int]:
    """Return the frame that a warning points to, and its level as seen from the wrapper.

    The frames of this package are not counted: a warning points where it would without them.
    """
    frame, level = sys._getframe(2), 2
    left = stacklevel - 1
    while frame.f_back is not None and (left > 0 or _is_own(frame)):
        left -= not _is_own(frame)
        frame, level = frame.f_back, level + 1
    return frame, level


def _is_own(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(_OWN)


def _module_of(filename: str) -> str:
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == filename:
            return name
    return filename
