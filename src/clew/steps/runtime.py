"""What steps need from the outside: stores, a vault of values, claims, an engine.

`clew.app` builds a `Runtime` from settings; this package only knows the ports.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from clew.errors import ClewError
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.plan.materialise import OnlineMaterialiser
from clew.lineage.ports import (
    Claims,
    NodeStore,
    RunStore,
    StreamStore,
    UsageIndex,
    ValueIndex,
)
from clew.lineage.records import LogEntry, Node, Use, Value
from clew.steps import settings


class Store(NodeStore, ValueIndex, RunStore, UsageIndex, Protocol):
    """The metadata store as steps use it: its ports, and one transaction for a whole step."""

    def record(
        self,
        nodes: Sequence[Node] = (),
        values: Sequence[Value] = (),
        *,
        run: str | None = None,
        uses: Sequence[Use] = (),
        entries: Sequence[LogEntry] = (),
        kept: Callable[[], None] | None = None,
    ) -> None:
        """Add nodes, values, uses and log entries in one transaction.

        With `kept` the store may write a moment later, several records together, and calls `kept`
        then: until that this process sees the record, others do not, and it may be lost if the
        process is killed.
        """


class Vault(Protocol):
    """Values by content id (`clew.lineage.values.ValueVault`)."""

    def put(self, value: object, id: ValueId | None = None) -> tuple[ValueId, int]:
        """Store a value and return its id and stored bytes."""

    def prepare(self, value: object, id: ValueId) -> tuple[int, bytes | None]:
        """Store a value, unless it is small: then give its bytes for `Value.content`."""

    def get(self, id: ValueId) -> Any:
        """Return a private copy of a value."""

    def has(self, id: ValueId) -> bool:
        """Tell whether a value can be read."""

    def load_s(self, size_bytes: int) -> float:
        """Return the seconds that reading a value of this size takes, by measured bandwidth."""


class Engine(Protocol):
    """Where steps run. `submit` may be called from one thread only."""

    workers: int
    remote: bool

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run ``function(*args)``; with ``remote`` the arguments travel to another process."""

    def close(self, *, cancel: bool = False) -> None:
        """Wait for what runs (or cancel what has not begun) and free the workers."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings that decide what is kept and how steps run.

    Parameters
    ----------
    always_store_bytes : int
        Values up to this size are always stored: reading them costs less than deciding.
    largest_leaf_bytes : int
        Arguments that no step made are stored up to this size, so that a thread can be rebuilt.
    overhead_s : float
        What executing a step costs besides its own work; added to every estimate of computing.
    engine : {"inline", "threads", "processes"}
        Local engine of flows.
    workers : int
        Steps at once.
    """

    always_store_bytes: int = 1 << 20
    largest_leaf_bytes: int = 1 << 26
    overhead_s: float = 2e-3
    engine: str = "inline"
    workers: int = 1
    resources: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Runtime:
    """Everything that steps use of the outside.

    Parameters
    ----------
    location : str
        Where the store is: its folder, or the address of its server.
    folder : str
        What this machine keeps for it, and the store itself where it is local.
    states : str
        Folder of the checkpoints of steps, which are pickles: nobody else may write there.
    """

    location: str
    folder: str
    states: str
    store: Store
    vault: Vault
    claims: Claims
    streams: StreamStore
    environment: tuple[Digest, Mapping[str, str]]
    open_engine: Callable[[str, int], Engine]
    materialiser: OnlineMaterialiser
    policy: Policy = field(default_factory=Policy)
    known_code: set[bytes] = field(default_factory=set)
    known_environments: set[Digest] = field(default_factory=set)

    def environment_now(self) -> Digest:
        """Return the id of the environment with the settings in force; the store knows it."""
        id, record = settings.environment_of(self.environment)
        if id != self.environment[0] and id not in self.known_environments:
            self.store.put_environment(id, record)
            self.known_environments.add(id)
        return id


_chosen: Runtime | None = None
_opener: Callable[[], Runtime] | None = None


def set_opener(opener: Callable[[], Runtime]) -> None:
    """Tell how to find the runtime of the place where the process stands (called by `clew`).

    It is asked at each use and must answer fast: the place may change (another working folder,
    another ``CLEW_STORE``).
    """
    global _opener
    _opener = opener


def current() -> Runtime:
    """Return the runtime to use now."""
    if _chosen is not None:
        return _chosen
    if _opener is None:
        # A part of clew was imported by its own name: only the root package knows the wiring.
        sys.modules["clew"]._wire()
    if _opener is None:
        raise ClewError("clew is not wired", hint="use clew.step, clew.flow, clew.Search, …")
    return _opener()


@contextmanager
def using(runtime: Runtime) -> Iterator[Runtime]:
    """Make `runtime` the one to use for the length of the block."""
    global _chosen
    outer, _chosen = _chosen, runtime
    try:
        yield runtime
    finally:
        _chosen = outer
