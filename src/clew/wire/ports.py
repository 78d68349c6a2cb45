"""Which ports travel, under which names, and what a token must be allowed to use them.

Reading needs ``read``. Runs, what they log, nodes and values need ``log``. What moves a model in
front of users needs ``promote``, what removes for good ``admin``: as in the rest of the interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from clew.lineage import ports as lineage
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.records import LogEntry, Node, Use, Value
from clew.registry import ports as registry
from clew.track import ports as track
from clew.wire.message import Message


class Presence(msgspec.Struct, frozen=True):
    """That a value's bytes are there.

    Parameters
    ----------
    children : tuple of ValueId
        The values that it refers to.
    content : bytes or None
        Its bytes, packed, where they are few (`clew.lineage.records.Value.content`).
    """

    size_bytes: int
    children: tuple[ValueId, ...] = ()
    content: bytes | None = None


class Known(msgspec.Struct, frozen=True):
    """Nodes of calls, and which of the values that they gave can be read."""

    nodes: dict[NodeId, tuple[Node, ...]]
    values: dict[ValueId, Presence]


class About(msgspec.Struct, frozen=True):
    """What a client must know of a server.

    Parameters
    ----------
    formats : tuple of str
        Storage formats of values that it can read, and so check.
    pickles : bool
        Whether it takes values in whose reading code runs.
    version : str
        Version of clew.
    lease_s : float
        How long a placeholder lasts that nobody renews.
    """

    formats: tuple[str, ...]
    pickles: bool
    version: str
    lease_s: float


class Steps(Protocol):
    """What a step asks and leaves behind, each in one message."""

    def about(self) -> About:
        """Say what the server takes."""

    def known(self, calls: Sequence[NodeId]) -> Known:
        """Return the nodes of calls with the values that they gave."""

    def record(
        self,
        nodes: Sequence[Node] = (),
        values: Sequence[Value] = (),
        *,
        run: str | None = None,
        uses: Sequence[Use] = (),
        entries: Sequence[LogEntry] = (),
    ) -> None:
        """Add nodes, values, uses and log entries in one transaction."""


class Blobs(Protocol):
    """What of a blob store needs no stream: bytes go up and down on paths of their own."""

    def presence(self, ids: Sequence[ValueId]) -> Mapping[ValueId, Presence]:
        """Return which of the values are there."""

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""

    def ids(self) -> tuple[tuple[ValueId, int, float], ...]:
        """Return id, stored bytes and time of last use of every value."""

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""


class Leases(Protocol):
    """Placeholders that a client holds by saying so again and again."""

    def take(self, id: NodeId, token: str) -> bool:
        """Take a node's placeholder, or say that somebody else has it."""

    def renew(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Go on holding; return those that are lost."""

    def release(self, tokens: Sequence[str]) -> None:
        """Give placeholders up."""


def _port(name: str, protocol: type, **scopes: str) -> dict[str, Message]:
    made: dict[str, Message] = {}
    for scope, verbs in scopes.items():
        for verb in verbs.split():
            message = Message(name, verb, getattr(protocol, verb), scope)  # type: ignore[arg-type]
            made[message.name] = message
    return made


MESSAGES: Mapping[str, Message] = {
    **_port("steps", Steps, read="about known", log="record"),
    **_port(
        "nodes",
        lineage.NodeStore,
        read="node variants linked closure history match",
        log="add mark_irreproducible",
    ),
    **_port(
        "values",
        lineage.ValueIndex,
        read="describe code environment",
        log="update put_code put_environment",
    ),
    **_port("flows", lineage.RunStore, read="run runs uses entries", log="start finish use"),
    **_port("usage", lineage.UsageIndex, read="readers paths_called codes nodes_of_code"),
    **_port("blobs", Blobs, read="presence ids length", admin="delete"),
    **_port("leases", Leases, log="take renew release"),
    **_port(
        "experiments",
        track.Experiments,
        read="get by_name",
        log="create rename delete restore set_tag delete_tag",
    ),
    **_port("runs", track.Runs, read="get", log="create update delete restore"),
    **_port("logging", track.Logging, log="log delete_tag log_inputs log_outputs"),
    **_port("histories", track.Histories, read="history sampled"),
    **_port("search", track.Search, read="runs experiments models models_of datasets"),
    **_port("datasets", track.Datasets, read="get versions readers"),
    **_port(
        "models",
        track.LoggedModels,
        read="get",
        log="create finalize set_tags delete_tag log_params delete",
    ),
    **_port("artifacts", track.Artifacts, read="get list", log="delete link"),
    **_port("traces", track.Traces, read="get search", log="put set_tag delete_tag delete"),
    **_port("trash", track.Trash, read="runs", admin="purge_runs purge_experiments purge_models"),
    **_port("audit", track.Audit, read="events", admin="add"),
    **_port(
        "registered",
        registry.RegisteredModels,
        read="get search",
        log="create",
        promote="update rename delete set_tag delete_tag",
    ),
    **_port(
        "versions",
        registry.Versions,
        read="get search",
        log="create",
        promote="update delete set_tag delete_tag transition",
    ),
    **_port("aliases", registry.Aliases, read="version latest", promote="set delete"),
    **_port(
        "removals",
        registry.Removals,
        read="removed",
        promote="restore_model restore_version",
    ),
}
"""Every message by its name."""


def of_port(name: str) -> dict[str, Message]:
    """Return the messages of one port by verb."""
    return {message.verb: message for message in MESSAGES.values() if message.port == name}


class Ask(msgspec.Struct, array_like=True, frozen=True):
    """One of several messages that are sent together: its name and its arguments, encoded."""

    name: str
    arguments: bytes


class Reply(msgspec.Struct, array_like=True, frozen=True):
    """What came of one of several messages: the answer, encoded, or a problem as JSON."""

    answer: bytes | None = None
    problem: Any = None
