"""A lazy reference: what a step's call gives inside a flow's body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from clew.errors import PlanError

if TYPE_CHECKING:
    from clew.steps.graph import FlowGraph


class Ref:
    """The result of a task that has not run yet.

    It can be given to other steps, indexed, unpacked (when its length is known) and asked for
    attributes; all of that is planned, nothing runs. `result` runs what it takes and returns the
    value, so that a flow can branch on it.
    """

    __slots__ = ("_graph", "_task")

    def __init__(self, graph: FlowGraph, task: int) -> None:
        self._graph = graph
        self._task = task

    def result(self) -> Any:
        """Run what it takes and return the value (a private copy)."""
        return self._graph.force(self._task)

    def __getitem__(self, key: Any) -> Ref:
        return self._graph.add_selection("item", self, key)

    def __getattr__(self, name: str) -> Ref:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._graph.add_selection("attribute", self, name)

    def __iter__(self) -> Iterator[Ref]:
        length = self._graph.length_of(self._task)
        if length is None:
            self._refuse("iterated or unpacked: its length is not known", "length")
        return iter([self[position] for position in range(length)])

    def __len__(self) -> int:
        length = self._graph.length_of(self._task)
        if length is None:
            self._refuse("asked for its length", "length")
        return length

    def __bool__(self) -> bool:  # noqa: PLE0304
        self._refuse("used as a condition", "value")

    def __eq__(self, other: object) -> bool:
        self._refuse("compared", "value")

    __hash__ = object.__hash__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a lazy result is no function."""
        self._refuse("called", "value")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse("turned into an array", "value")

    def __setitem__(self, key: object, value: object) -> None:
        self._refuse("changed", "value")

    def __contains__(self, item: object) -> bool:
        self._refuse("searched", "value")

    def __deepcopy__(self, memo: dict[int, Any]) -> Ref:
        return self

    def __reduce__(self) -> NoReturn:
        self._refuse("pickled", "value")

    def __repr__(self) -> str:
        return f"<lazy {self._graph.tasks[self._task].label}>"

    def _refuse(self, what: str, need: str) -> NoReturn:
        label = self._graph.tasks[self._task].label
        hints = {
            "length": "annotate the step's return as tuple[A, B], give @clew.step(outputs=n), "
            "or call .result() first",
            "value": "put this into a step, or call .result() to run what it takes now",
        }
        raise PlanError(
            f"inside a flow, the result of {label} is lazy and was {what}", hint=hints[need]
        )


def _refusing(what: str) -> Callable[..., NoReturn]:
    def refuse(self: Ref, *others: object) -> NoReturn:
        self._refuse(what, "value")

    return refuse


_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_BITS = ("and", "or", "xor", "lshift", "rshift")
for _name in (*_BINARY, *_BITS):
    setattr(Ref, f"__{_name}__", _refusing("used in a calculation"))
    setattr(Ref, f"__r{_name}__", _refusing("used in a calculation"))
for _name in ("neg", "pos", "abs", "invert", "round"):
    setattr(Ref, f"__{_name}__", _refusing("used in a calculation"))
for _name in ("lt", "le", "gt", "ge", "ne"):
    setattr(Ref, f"__{_name}__", _refusing("compared"))
for _name in ("str", "format"):
    setattr(Ref, f"__{_name}__", _refusing("turned into text"))
for _name in ("int", "float", "complex", "index"):
    setattr(Ref, f"__{_name}__", _refusing("turned into a number"))


def refs_in(value: Any) -> Iterator[Ref]:
    """Yield the references in a value made of lists, tuples and dicts, in order.

    Without recursion: a list may be deep, or hold itself.
    """
    path: dict[int, Iterator[Any]] = {0: iter([value])}
    while path:
        inner = next(reversed(path))
        for part in path[inner]:
            if isinstance(part, Ref):
                yield part
            elif type(part) in (list, tuple, dict) and id(part) not in path:
                path[id(part)] = iter(part.values() if type(part) is dict else part)
                break
        else:
            del path[inner]


def holds_ref(value: Any) -> bool:
    """Tell whether there is a reference in a value."""
    return next(refs_in(value), None) is not None


def task_of(ref: Ref) -> int:
    """Return the number of the task that a reference stands for."""
    return ref._task


def substitute(value: Any, values: dict[int, Any]) -> Any:
    """Return `value` with each reference replaced by its task's value."""
    return _substituted(value, values) if holds_ref(value) else value


def _substituted(value: Any, values: dict[int, Any]) -> Any:
    if isinstance(value, Ref):
        return values[task_of(value)]
    if type(value) in (list, tuple):
        return type(value)(_substituted(item, values) for item in value)
    if type(value) is dict:
        return {key: _substituted(item, values) for key, item in value.items()}
    return value
