"""Watching calls of estimators from outside: what was asked, what came of it, how long it took.

A watcher sees the outermost call of each thread only (a search, not its fits), and never changes
what the call returns or raises.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class Watched:
    """One outermost call.

    Parameters
    ----------
    method : str
        ``fit``, ``score``, ``predict``, …
    args, kwargs : tuple, dict
        As they were passed.
    result : object
        What it returned.
    wall_s : float
        How long it took.
    """

    estimator: Any
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any = None
    error: BaseException | None = None
    wall_s: float = 0.0


class Watcher(Protocol):
    """Who is told of calls."""

    def before(self, call: Watched) -> object:
        """Return what `after` is given; called before the call."""

    def after(self, call: Watched, noted: Any) -> None:
        """See what came of the call."""


class _Depth(threading.local):
    inside = False


_watchers: list[Watcher] = []
_depth = _Depth()


def add(watcher: Watcher) -> None:
    """Tell a watcher of calls from now on."""
    _watchers.append(watcher)


def drop(watcher: Watcher) -> None:
    """Tell a watcher no more."""
    if watcher in _watchers:
        _watchers.remove(watcher)


def watched(
    function: Callable[..., Any],
    method: str,
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    reusing: Callable[[], Any] | None,
) -> Any:
    """Make a call, and tell watchers when it is an outermost one.

    Parameters
    ----------
    reusing : callable, optional
        Makes the call by way of reuse; by default the function itself is called.
    """
    if not _watchers or _depth.inside:
        return function(estimator, *args, **kwargs) if reusing is None else reusing()
    call = Watched(estimator, method, args, kwargs)
    _depth.inside = True
    try:
        noted = [(watcher, _tell(watcher.before, call)) for watcher in list(_watchers)]
        started = time.perf_counter()
        try:
            call.result = function(estimator, *args, **kwargs) if reusing is None else reusing()
        except BaseException as error:
            call.error = error
            raise
        finally:
            call.wall_s = time.perf_counter() - started
            for watcher, note in noted:
                _tell(watcher.after, call, note)
    finally:
        _depth.inside = False
    return call.result


def _tell(method: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return method(*arguments)
    except Exception as error:
        # What is only looking on must not make a fit fail.
        warnings.warn(f"a call was not logged: {error}", RuntimeWarning, stacklevel=4)
        return None
