"""What is planned: tasks with their costs, and the graph that they form."""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from clew.errors import InvalidParameter, PlanError

Key = str | bytes | int
"""Name of a task: a step's label, a node id, a position."""


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a flow, as the planner sees it.

    Parameters
    ----------
    key : str, bytes or int
        Its name.
    inputs : tuple of key
        The tasks whose values it needs when it is computed. Naming one twice means once.
    compute_s : float
        Seconds that computing takes, once its inputs are there.
    load_s : float, optional
        Seconds that loading its stored value takes. None and infinity say that there is none;
        0 says that the value is in memory already.
    required : bool
        Its value is asked for: it is computed or loaded.
    must_run : bool
        It has to be computed whatever is stored (its effects are wanted, or it may not be reused).
    size_bytes : int, optional
        Size of its stored value; shown in reasons, never decides.

    Raises
    ------
    InvalidParameter
        When a cost or size is negative or not a number, or `compute_s` is infinite.
    """

    key: Key
    inputs: tuple[Key, ...] = ()
    compute_s: float = 0.0
    load_s: float | None = None
    required: bool = False
    must_run: bool = False
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        _check_cost(self, "compute_s", self.compute_s, finite=True)
        if self.load_s is not None:
            _check_cost(self, "load_s", self.load_s, finite=False)
        if self.size_bytes is not None:
            _check_cost(self, "size_bytes", self.size_bytes, finite=True)

    @property
    def stored(self) -> bool:
        """Whether there is a value to load."""
        return self.load_s is not None and not math.isinf(self.load_s)

    @property
    def in_memory(self) -> bool:
        """Whether its value is at hand without loading."""
        return self.load_s == 0


@dataclass(frozen=True, slots=True)
class PlanGraph:
    """Tasks that form a directed graph without cycles.

    Parameters
    ----------
    tasks : sequence of Task
        In any order; every input names one of them.

    Attributes
    ----------
    position : mapping of key to int
        Where a task stands in `tasks`.
    inputs, consumers : tuple of tuple of int
        By position: which tasks each one needs, and which need it; every one once.
    order : tuple of int
        Positions with inputs before their consumers.

    Raises
    ------
    PlanError
        When two tasks share a key, an input is unknown, or there is a cycle (which it names).
    """

    tasks: Sequence[Task]
    position: Mapping[Key, int] = field(init=False, repr=False, compare=False)
    inputs: tuple[tuple[int, ...], ...] = field(init=False, repr=False, compare=False)
    consumers: tuple[tuple[int, ...], ...] = field(init=False, repr=False, compare=False)
    order: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tasks = tuple(self.tasks)
        position = _positions(tasks)
        inputs = tuple(_input_positions(task, position) for task in tasks)
        consumers = _consumers(inputs)
        _set(self, tasks=tasks, position=position, inputs=inputs, consumers=consumers)
        _set(self, order=_topological(tasks, inputs, consumers))

    def __getitem__(self, key: Key) -> Task:
        return self.tasks[self.find(key)]

    def __len__(self) -> int:
        return len(self.tasks)

    def find(self, key: Key) -> int:
        """Return where a task stands in `tasks`; PlanError when there is none of that key."""
        try:
            return self.position[key]
        except KeyError:
            raise PlanError("no such task in the plan", got=key_text(key)) from None

    def learn(
        self, known: Collection[Key] = (), stored: Mapping[Key, float | None] | None = None
    ) -> PlanGraph:
        """Return the graph with what was found out while it ran; its shape is not checked again.

        Parameters
        ----------
        known : collection of key
            Tasks whose values are in memory now: they load in no time and need not run any more.
        stored : mapping of key to seconds or None, optional
            New load times: values that turned out to be stored (early cut-off), or to be gone.
        """
        tasks = list(self.tasks)
        for key, load_s in (stored or {}).items():
            at = self.find(key)
            tasks[at] = replace(tasks[at], load_s=load_s)
        for key in known:
            at = self.find(key)
            tasks[at] = replace(tasks[at], load_s=0.0, must_run=False)
        learned = copy.copy(self)
        _set(learned, tasks=tuple(tasks))
        return learned


def key_text(key: Key) -> str:
    """Return a key as text for messages and JSON: ids in hexadecimal digits."""
    return key.hex() if isinstance(key, bytes) else str(key)


def _set(graph: PlanGraph, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(graph, name, value)


def _check_cost(task: Task, name: str, value: float, *, finite: bool) -> None:
    if math.isnan(value) or value < 0 or (finite and math.isinf(value)):
        raise InvalidParameter(
            f"task {key_text(task.key)}: {name} is not a cost",
            got=str(value),
            expected="a finite number >= 0" if finite else "a number >= 0, infinity or None",
        )


def _positions(tasks: Sequence[Task]) -> dict[Key, int]:
    position: dict[Key, int] = {}
    for at, task in enumerate(tasks):
        if position.setdefault(task.key, at) != at:
            raise PlanError("two tasks have the same key", got=key_text(task.key))
    return position


def _input_positions(task: Task, position: Mapping[Key, int]) -> tuple[int, ...]:
    try:
        return tuple(position[key] for key in dict.fromkeys(task.inputs))
    except KeyError as missing:
        raise PlanError(
            f"task {key_text(task.key)} has an unknown input",
            got=key_text(missing.args[0]),
            expected="the key of a task of the same graph",
        ) from None


def _consumers(inputs: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    consumers: list[list[int]] = [[] for _ in inputs]
    for at, needed in enumerate(inputs):
        for input_at in needed:
            consumers[input_at].append(at)
    return tuple(map(tuple, consumers))


def _topological(
    tasks: Sequence[Task],
    inputs: Sequence[Sequence[int]],
    consumers: Sequence[Sequence[int]],
) -> tuple[int, ...]:
    """Return positions with inputs first (Kahn 1962)."""
    waiting = [len(needed) for needed in inputs]
    ready = deque(at for at, count in enumerate(waiting) if count == 0)
    order: list[int] = []
    while ready:
        at = ready.popleft()
        order.append(at)
        for consumer in consumers[at]:
            waiting[consumer] -= 1
            if waiting[consumer] == 0:
                ready.append(consumer)
    if len(order) < len(tasks):
        raise PlanError(
            "the tasks form a cycle",
            got=" -> ".join(key_text(tasks[at].key) for at in _cycle(inputs, waiting)),
            hint="an arrow leads from a task to one that needs it",
        )
    return tuple(order)


def _cycle(inputs: Sequence[Sequence[int]], waiting: Sequence[int]) -> Iterable[int]:
    """Return the positions along one cycle, its first one again at the end."""
    at = next(at for at, count in enumerate(waiting) if count > 0)
    path: list[int] = []
    seen: dict[int, int] = {}
    # Whatever still waits has an input that waits, so the walk along inputs meets itself.
    while at not in seen:
        seen[at] = len(path)
        path.append(at)
        at = next(input_at for input_at in inputs[at] if waiting[input_at] > 0)
    return reversed([*path[seen[at] :], at])
