"""The flow: a function whose body makes a graph of steps, which is planned before it runs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from clew.errors import WrongType
from clew.steps.bind import bind
from clew.steps.context import building
from clew.steps.flowrun import FlowRun
from clew.steps.launch import launch
from clew.steps.place import module_of
from clew.steps.preview import FlowPlan, preview
from clew.steps.session import Listener

P = ParamSpec("P")
R = TypeVar("R")


class Flow(Generic[P, R]):
    """A function of steps. Made by ``@clew.flow``.

    Inside its body a step's call returns a lazy reference; the whole graph is planned, then run.
    Called like a function it returns the result; `run` returns the run, with result and reasons.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        if not callable(function) or inspect.iscoroutinefunction(function):
            raise WrongType("@clew.flow", got=repr(function), expected="an ordinary function")
        functools.update_wrapper(self, function)
        self.function = function
        self.signature = inspect.signature(function)
        self.label = function.__name__
        self.name = f"{module_of(function)}:{function.__qualname__}"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the flow and return its result; inside another flow, become part of its graph."""
        if building.get() is not None:
            return self.function(*args, **kwargs)
        return cast(R, self.run(*args, **kwargs).result)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> FlowRun:
        """Run the flow and return the run.

        Raises
        ------
        BaseException
            Whatever a step raised, with its own traceback; finished steps are kept, so that the
            next run goes on from there.
        """
        return launch(self, bind(self.signature, self.label, args, kwargs))

    def start(
        self,
        arguments: dict[str, Any],
        *,
        engine: str | None = None,
        workers: int | None = None,
        listeners: Sequence[Listener] = (),
    ) -> FlowRun:
        """Run the flow with a chosen engine, telling `listeners` about each step.

        Parameters
        ----------
        arguments : dict
            The flow's parameters by name.
        engine : {"inline", "threads", "processes"}, optional
            Where steps run; the setting ``engine`` if not given.
        workers : int, optional
            Steps at once; the setting ``workers`` if not given.
        listeners : sequence of callable
            Called with each `Use`, from the thread that runs the flow.
        """
        bound = bind(self.signature, self.label, (), arguments)
        return launch(self, bound, engine=engine, workers=workers, listeners=listeners)

    def plan(self, *args: P.args, **kwargs: P.kwargs) -> FlowPlan:
        """Return what a run would compute, load and prune, and its estimated cost; run nothing.

        Raises
        ------
        PlanError
            When the body asks for a value with ``.result()`` that is not known yet.
        """
        return preview(self, bind(self.signature, self.label, args, kwargs))

    def __repr__(self) -> str:
        return f"<flow {self.name}{self.signature}>"


@overload
def flow(function: Callable[P, R], /) -> Flow[P, R]: ...
@overload
def flow() -> Callable[[Callable[P, R]], Flow[P, R]]: ...
def flow(function: Callable[..., Any] | None = None, /) -> Any:
    """Make a function a flow of steps.

    Examples
    --------
    >>> import clew
    >>> @clew.step
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> @clew.flow
    ... def four_times(x: int = 1) -> int:
    ...     return double(double(x))
    >>> four_times(x=5)
    20
    """
    return Flow if function is None else Flow(function)
