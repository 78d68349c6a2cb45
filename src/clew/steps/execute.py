"""Run a step's function, observed: what it gives, what it reads, what it costs."""

from __future__ import annotations

import time
import types
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Cost, Read
from clew.steps import isolate, rng
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
    step: Step[..., Any], arguments: Mapping[str, Any], *, own_root: str, checkpoint: str | None
) -> Outcome:
    """Run the step on private arguments.

    Raises
    ------
    BaseException
        Whatever the function raises, with its own traceback.
    """
    observer = Observer(own_root)
    effects = Effects()
    inputs = isolate.private(arguments)
    for path in named_files([step.constants, *arguments.values()]):
        observer.read_file(path)
    before = rng.snapshot() if step.options.seed is None else {}
    generators = {name: rng.state_of(v) for name, v in inputs.items() if rng.is_generator(v)}
    started, cpu = time.perf_counter(), time.process_time()
    execution = Execution(observer, effects, checkpoint)
    result, error = _run(step, inputs, execution)
    cost = Cost(time.perf_counter() - started, time.process_time() - cpu)
    reads = [*observer.reads(), *_draws(before, effects)]
    for name, state in generators.items():
        after = rng.state_of(inputs[name])
        if after != state:
            effects.arguments[name] = after
    unsound = tuple(observer.unsound)
    checkpointed = execution.checkpointed
    return Outcome(result, error, effects, tuple(reads), unsound, cost, checkpointed)


def _run(
    step: Step[..., Any], inputs: dict[str, Any], execution: Execution
) -> tuple[Any, BaseException | None]:
    options = step.options
    for attempt in range(options.retry + 1):
        entered, outside = executing.set(execution), building.set(None)
        try:
            with ExitStack() as stack:
                stack.enter_context(rng.seeded(options.seed))
                stack.enter_context(recording_warnings(execution.effects))
                stack.enter_context(observing(execution.observer))
                stack.enter_context(limited(options.timeout_s, step.name))
                result = call(step.function, step.signature, inputs)
                return _materialised(result), None
        except options.reuse_exceptions as error:
            return None, error
        except Exception:
            if attempt == options.retry:
                raise
            time.sleep(options.retry_wait_s)
        finally:
            executing.reset(entered)
            building.reset(outside)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _materialised(result: Any) -> Any:
    return Replayable(list(result)) if isinstance(result, types.GeneratorType) else result


def _draws(before: rng.STATES, effects: Effects) -> Iterator[Read]:
    """Yield the global generators that the step drew from, and keep where they stand now."""
    if not before:
        return
    after = rng.snapshot()
    for name in rng.moved(before, after):
        effects.generators[name] = after[name]
        yield Read("rng", name, fingerprint(rng.plain(before[name])))


def delivered(result: Any) -> Any:
    """Return a result as the caller gets it: a generator's items as a fresh generator."""
    if isinstance(result, Replayable):
        return (item for item in list(result.items))
    return result
