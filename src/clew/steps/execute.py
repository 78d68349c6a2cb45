"""Run a step's function, observed: what it gives, what it reads, what it costs."""

from __future__ import annotations

import time
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clew.errors import Unhashable
from clew.lineage.code import CodeRecord, code_id
from clew.lineage.code.explain import moved_constants
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Cost, Read
from clew.steps import company, entropy, isolate, loading, native, rng
from clew.steps.bind import call
from clew.steps.context import Execution, building, executing
from clew.steps.effects import Effects, recording_warnings
from clew.steps.limits import limited
from clew.steps.observe import Observer, named_files, observing

if TYPE_CHECKING:
    from clew.steps.step import Step


class Replayable:
    """The items of a generator that a step returned, kept so that they can be given again."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one execution gave.

    Parameters
    ----------
    result : object
        What the function returned (`Replayable` for a generator).
    error : BaseException or None
        What it raised, when the step declares that exception as a result.
    unsound : tuple of str
        What it was seen to do that forbids reuse.
    checkpointed : bool
        It asked for its checkpoint.
    """

    result: Any
    error: BaseException | None
    effects: Effects
    reads: tuple[Read, ...]
    unsound: tuple[str, ...]
    cost: Cost = field(default_factory=Cost)
    checkpointed: bool = False


def execute(
    step: Step[..., Any],
    arguments: Mapping[str, Any],
    *,
    own_root: str,
    checkpoint: str | None,
    code: CodeRecord | None = None,
) -> Outcome:
    """Run the step on private arguments.

    Parameters
    ----------
    own_root : str
        Folder of the store.
    checkpoint : str or None
        What names the call's checkpoint.
    code : CodeRecord, optional
        The step's code fingerprint as of now, where it is known.

    Raises
    ------
    BaseException
        Whatever the function raises, with its own traceback.
    """
    entropy.watch()
    loading.watch()
    observer = Observer(own_root)
    names, readers = step.files(code)
    for path in named_files([names, *arguments.values()]):
        observer.read_file(path)
    start = _Start(step, arguments)
    execution = Execution(observer, checkpoint, executing.get())
    started, cpu = time.perf_counter(), time.process_time()
    with company.among(execution):
        result, error = _tries(step, arguments, execution, start)
    cost = Cost(time.perf_counter() - started, time.process_time() - cpu)
    result = isolate.detached(result, arguments)
    effects = execution.effects
    reads = [*observer.reads(), *observer.left(result), *_draws(start, effects)]
    observer.unsound += native.unseen_reads(readers, reads, arguments.values())
    observer.unsound += _changes_of_its_own(step, code)
    effects.arguments.update(start.moved_arguments())
    if execution.accompanied and (effects.generators or execution.drew):
        observer.unsound.append(company.REASON)
    unsound = tuple(dict.fromkeys(observer.unsound))
    checkpointed = execution.checkpointed
    return Outcome(result, error, effects, tuple(reads), unsound, cost, checkpointed)


def _changes_of_its_own(step: Step[..., Any], before: CodeRecord | None) -> Iterator[str]:
    """Yield why an execution cannot be reused: it found state in its code's reach and moved it.

    A module's own random generator, a counter, an iterator: a later call would go on from there.
    """
    if before is None:
        return
    try:
        if code_id(step.function, step.options.depends_on) == before.id:
            return
        names = sorted(moved_constants(before, step.code()))
    except Unhashable as error:
        yield f"it changes what it reads: {error.message}"
    else:
        if names:
            yield f"it changes what it reads: {', '.join(names)}"


class _Start:
    """Where the generators stood before the first try."""

    def __init__(self, step: Step[..., Any], arguments: Mapping[str, Any]) -> None:
        self.globals = rng.Standing() if step.options.seed is None else None
        self._given = {name: v for name, v in arguments.items() if rng.is_generator(v)}
        self._states = {name: rng.state_of(v) for name, v in self._given.items()}

    def moved_arguments(self) -> dict[str, Any]:
        """Return the states of the generators among the arguments that the step moved."""
        after = {name: rng.state_of(generator) for name, generator in self._given.items()}
        return {name: state for name, state in after.items() if state != self._states[name]}

    def again(self) -> None:
        """Put all generators back: the next try begins where the first one did."""
        if self.globals is not None:
            self.globals.put_back()
        for name in self.moved_arguments():
            rng.advance(self._given[name], self._states[name])


def _tries(
    step: Step[..., Any], arguments: Mapping[str, Any], execution: Execution, start: _Start
) -> tuple[Any, BaseException | None]:
    options = step.options
    for attempt in range(options.retry + 1):
        execution.effects = Effects()  # what a failed try logged is no part of the result
        try:
            return _try(step, isolate.private(step.signature, arguments), execution), None
        except options.reuse_exceptions as error:
            return None, error
        except Exception:
            if attempt == options.retry:
                raise
            start.again()
            time.sleep(options.retry_wait_s)
    raise AssertionError("unreachable: the last try returns or raises")


def _try(step: Step[..., Any], inputs: Mapping[str, Any], execution: Execution) -> Any:
    options = step.options
    entered, outside = executing.set(execution), building.set(None)
    try:
        if options.seed is None:
            return _observed(step, inputs, execution)
        with rng.seeded(options.seed) as drew:
            try:
                return _observed(step, inputs, execution)
            finally:
                execution.drew = execution.drew or drew()
    finally:
        executing.reset(entered)
        building.reset(outside)


def _observed(step: Step[..., Any], inputs: Mapping[str, Any], execution: Execution) -> Any:
    timeout_s = step.options.timeout_s
    with recording_warnings(execution.effects), observing(execution.observer):
        if timeout_s is None:
            return _materialised(call(step.function, step.signature, inputs))
        with limited(timeout_s, step.name):
            return _materialised(call(step.function, step.signature, inputs))


def _materialised(result: Any) -> Any:
    return Replayable(list(result)) if isinstance(result, types.GeneratorType) else result


def _draws(start: _Start, effects: Effects) -> Iterator[Read]:
    """Yield the global generators that the step drew from, and keep where they stand now."""
    if start.globals is None:
        return
    for name, after in start.globals.moved().items():
        effects.generators[name] = after
        yield Read("rng", name, fingerprint(rng.plain(start.globals.states[name])))


def delivered(result: Any) -> Any:
    """Return a result as the caller gets it: a generator's items as a fresh generator."""
    if isinstance(result, Replayable):
        return (item for item in list(result.items))
    return result
