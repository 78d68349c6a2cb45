"""The adapter: the metadata store as steps use it, over a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clew.adapters.stores.remote.channel import Channel
from clew.adapters.stores.remote.proxy import asking, telling
from clew.lineage.canonical import NodeId
from clew.lineage.records import Node
from clew.wire.ports import MESSAGES, of_port

if TYPE_CHECKING:
    from clew.adapters.blobs.remote import RemoteBlobs

_TOLD = (
    "steps.record",
    "values.put_code",
    "values.put_environment",
    "nodes.mark_irreproducible",
)


class RemoteStore:
    """`NodeStore`, `ValueIndex`, `RunStore` and `UsageIndex` in one, as steps use them.

    Parameters
    ----------
    channel : Channel
        The way to the server.
    blobs : RemoteBlobs, optional
        Is told which values can be read: that comes with the nodes.
    """

    read_only = False
    _record: Callable[..., None]

    def __init__(self, channel: Channel, blobs: RemoteBlobs | None = None) -> None:
        self.channel = channel
        self._blobs = blobs

    def variants(self, calls: Sequence[NodeId]) -> Mapping[NodeId, tuple[Node, ...]]:
        """Return the nodes of each call, newest first; calls never seen are left out."""
        if not calls:
            return {}
        known = self.channel.ask("steps.known", {"calls": calls})
        if self._blobs is not None:
            self._blobs.learn(known.values)
        found: Mapping[NodeId, tuple[Node, ...]] = known.nodes
        return found

    def record(
        self, *args: object, kept: Callable[[], None] | None = None, **named: object
    ) -> None:
        """Add nodes, values, uses and log entries in one transaction (`clew.wire.ports.Steps`).

        What is told arrives in order: what `kept` tells the server (a placeholder is free) comes
        after the record.
        """
        self._record(*args, **named)
        if kept is not None:
            kept()

    def close(self) -> None:
        """Send what waits."""
        self.channel.flush()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


for _port in ("nodes", "values", "flows", "usage"):
    for _verb, _message in of_port(_port).items():
        if _verb != "variants":
            _make = telling if _message.name in _TOLD else asking
            setattr(RemoteStore, _verb, _make(_message))
RemoteStore._record = telling(MESSAGES["steps.record"])
