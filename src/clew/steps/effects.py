"""What a step does to the world that can be done again: log entries, warnings, generators.

Effects are an output of the node. On a hit they are replayed: the run gets the metrics, the user
gets the warnings, the generators stand where they would stand.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

from clew.lineage.code.origin import is_project_file
from clew.lineage.records import LogEntry
from clew.steps import rng


@dataclass(slots=True)
class Effects:
    """The effects of one execution, in order."""

    entries: list[LogEntry] = field(default_factory=list)
    warned: list[tuple[str, str]] = field(default_factory=list)
    generators: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries or self.warned or self.generators or self.arguments)

    def plain(self) -> dict[str, Any]:
        """Return the effects as plain values, ready to be stored."""
        return {
            "entries": [_plain_entry(entry) for entry in self.entries],
            "warnings": [list(pair) for pair in self.warned],
            "generators": {name: rng.plain(state) for name, state in self.generators.items()},
            "arguments": dict(self.arguments),
        }

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> Effects:
        """Return the effects that `plain` stored."""
        return cls(
            entries=[LogEntry(**entry) for entry in stored["entries"]],
            warned=[(kind, text) for kind, text in stored["warnings"]],
            generators={name: rng.parse(state) for name, state in stored["generators"].items()},
            arguments=dict(stored["arguments"]),
        )

    def replay(self) -> None:
        """Issue the warnings again and move the global generators to where they would be."""
        for kind, text in self.warned:
            warnings.warn(text, _warning_class(kind), stacklevel=3)
        if self.generators:
            rng.restore(self.generators)


def _plain_entry(entry: LogEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "key": entry.key,
        "text": entry.text,
        "number": entry.number,
        "step": entry.step,
        "time_ms": entry.time_ms,
    }


def _is_installed(module: str) -> bool:
    """Tell whether importing a module would run nothing but installed code."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None:
        return False
    places = [*(spec.submodule_search_locations or ()), spec.origin or ""]
    return spec.origin in ("built-in", "frozen") or not is_project_file(places[0], top)


def _warning_class(name: str) -> type[Warning]:
    """Return the class; a module that is not loaded yet must be an installed one.

    The store may come from somebody else, and importing a file of this folder would run it.
    """
    module, _, qualname = name.rpartition(":")
    try:
        if module not in sys.modules and not _is_installed(module):
            return UserWarning
        found = getattr(importlib.import_module(module), qualname)
    except (ImportError, AttributeError, ValueError):
        return UserWarning
    return found if isinstance(found, type) and issubclass(found, Warning) else UserWarning


class _Recorder(threading.local):
    effects: Effects | None = None
    shown_by: tuple[Any, Any] | None = None


_recorder = _Recorder()
_lock = threading.Lock()
_depth = 0
_previous: Any = None


class recording_warnings:
    """Keep the warnings that this thread shows during the block; they are shown as ever."""

    __slots__ = ("_effects", "_outer")

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def __enter__(self) -> None:
        self._outer = _recorder.effects, _recorder.shown_by
        _recorder.effects, _recorder.shown_by = self._effects, _shown_by()
        _install()

    def __exit__(self, *_: object) -> None:
        _uninstall()
        _recorder.effects, _recorder.shown_by = self._outer


def _shown_by() -> tuple[Any, Any]:
    return warnings._showwarnmsg_impl, warnings.showwarning  # type: ignore[attr-defined]


def _install() -> None:
    global _depth, _previous
    with _lock:
        if _depth == 0:
            _previous = warnings._showwarnmsg  # type: ignore[attr-defined]
            warnings._showwarnmsg = _show  # type: ignore[attr-defined]
        _depth += 1


def _uninstall() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0 and warnings._showwarnmsg is _show:  # type: ignore[attr-defined]
            warnings._showwarnmsg = _previous  # type: ignore[attr-defined]


def _show(message: Any) -> None:
    effects = _recorder.effects
    # Where the step put its own way of showing warnings in place, it keeps them to itself.
    if effects is not None and _recorder.shown_by == _shown_by():
        kind = message.category
        effects.warned.append((f"{kind.__module__}:{kind.__qualname__}", str(message.message)))
    _previous(message)
