"""Steps in another process: the function travels pickled, its arguments by value id.

The worker opens the same store, reads the arguments, computes under the same claims and writes
the node itself; only the node's record comes back.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cloudpickle

from clew.errors import ClewError
from clew.lineage.records import Node
from clew.steps import results, settings
from clew.steps.effects import Effects
from clew.steps.execute import Outcome, delivered
from clew.steps.identify import Identity, under_settings
from clew.steps.perform import perform
from clew.steps.ref import Ref, holds_ref, task_of
from clew.steps.results import Recorded
from clew.steps.runtime import Runtime

if TYPE_CHECKING:
    from clew.steps.step import Step

_opened: dict[str, Runtime] = {}
_opener: Callable[[str], Runtime] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An argument that the worker reads from the store: the result of a node."""

    node: Node


@dataclass(frozen=True, slots=True)
class Mark:
    """Stands for a reference inside an argument: the result of that task."""

    task: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a worker sends back.

    Parameters
    ----------
    node : Node
        Written to the store by the worker.
    recorded : Recorded or None
        None when another worker had computed the node meanwhile.
    live : tuple
        The value itself, in a tuple, when the store could not keep it.
    """

    node: Node
    recorded: Recorded | None
    effects: Effects
    wall_s: float
    live: tuple[Any, ...] = ()
    error: BaseException | None = None


def pack(
    step: Step[..., Any],
    identity: Identity,
    arguments: Mapping[str, Any],
    sources: Mapping[int, Any],
    known: Node | None,
) -> bytes:
    """Return one task as bytes."""
    lazy = frozenset(name for name, value in arguments.items() if holds_ref(value))
    marked = {name: _mark(v) if name in lazy else v for name, v in arguments.items()}
    filters = settings.filters()
    packed: bytes = cloudpickle.dumps((step, identity, marked, lazy, dict(sources), known, filters))
    return packed


def set_worker_opener(opener: Callable[[str], Runtime]) -> None:
    """Tell how a worker opens the store at a location (called by `clew.app`)."""
    global _opener
    _opener = opener


def work(location: str, payload: bytes) -> Delivered:
    """Compute one task in this process, under the warning filters of who sent it."""
    step, identity, marked, lazy, sources, known, filters = cloudpickle.loads(payload)
    runtime = _runtime(location)
    values = {index: _value(runtime, source) for index, source in sources.items()}
    arguments = {name: _unmark(v, values) if name in lazy else v for name, v in marked.items()}

    def commit(outcome: Outcome, recorded: Recorded, claim: ExitStack) -> None:
        runtime.store.record([recorded.node], recorded.values)

    with warnings.catch_warnings():
        warnings.filters[:] = filters  # type: ignore[index]
        identity = under_settings(identity, runtime)
        done = perform(runtime, step, identity, arguments, known, commit)
    if isinstance(done, Node):
        return Delivered(done, None, Effects(), 0.0)
    outcome, recorded = done
    kept = results.available(runtime, recorded.node)
    live = () if kept else (outcome.result,)
    wall_s = outcome.cost.wall_s
    return Delivered(recorded.node, recorded, outcome.effects, wall_s, live, outcome.error)


def _runtime(location: str) -> Runtime:
    if location not in _opened:
        if _opener is None:
            raise ClewError("the worker process is not wired", hint="start it through clew.app")
        _opened[location] = _opener(location)
    return _opened[location]


def _value(runtime: Runtime, source: Any) -> Any:
    if isinstance(source, Stored):
        value, error = results.load(runtime, source.node)
        if error is not None:
            raise error
        return delivered(value)
    return delivered(source)


def _mark(value: Any) -> Any:
    if isinstance(value, Ref):
        return Mark(task_of(value))
    if type(value) in (list, tuple):
        return type(value)(_mark(item) for item in value)
    if type(value) is dict:
        return {key: _mark(item) for key, item in value.items()}
    return value


def _unmark(value: Any, values: Mapping[int, Any]) -> Any:
    if isinstance(value, Mark):
        return values[value.task]
    if type(value) in (list, tuple):
        return type(value)(_unmark(item, values) for item in value)
    if type(value) is dict:
        return {key: _unmark(item, values) for key, item in value.items()}
    return value
