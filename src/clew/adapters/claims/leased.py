"""Claims on a server: leases, renewed by a thread while they are held.

A holder that dies renews nothing, and its claim is free when the lease ends. A lease that is lost
while its holder goes on (the server was restarted) is taken again; where somebody else was faster,
a node is computed twice, with the same result.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from clew.errors import ClewError
from clew.lineage.canonical import NodeId

if TYPE_CHECKING:
    from clew.adapters.blobs.remote import RemoteBlobs
    from clew.adapters.stores.remote import Channel

_FIRST_WAIT_S = 0.005
_LONGEST_WAIT_S = 0.25


class LeasedClaims:
    """Single flight over all clients of a server.

    Parameters
    ----------
    blobs : RemoteBlobs
        Knows how long the server's leases last.
    """

    def __init__(self, channel: Channel, blobs: RemoteBlobs) -> None:
        self._channel = channel
        self._blobs = blobs
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._held: dict[str, NodeId] = {}
        self._lock = threading.Lock()
        self._renewer: threading.Thread | None = None

    @contextmanager
    def hold(self, id: NodeId, *, wait: bool = True) -> Iterator[bool]:
        """Hold a node's claim for the length of a ``with`` block (`clew.lineage.ports.Claims`)."""
        token = secrets.token_hex(12)
        held = self._held
        free, pause_s = True, _FIRST_WAIT_S
        while not self._channel.ask("leases.take", {"id": id, "token": token}):
            if not wait:
                yield False
                return
            free = False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_WAIT_S)
        self._keep(token, id)
        try:
            yield free
        finally:
            if held is self._held:  # A forked child leaves the block: the claim is its parent's.
                with self._lock:
                    held.pop(token, None)
                self._channel.tell("leases.release", {"tokens": [token]})

    def _keep(self, token: str, id: NodeId) -> None:
        with self._lock:
            self._held[token] = id
            if self._renewer is None:
                self._renewer = threading.Thread(
                    target=self._renew, name="clew-claims", daemon=True
                )
                self._renewer.start()

    def _renew(self) -> None:
        while True:
            time.sleep(self._blobs.about.lease_s / 3)
            with self._lock:
                held = dict(self._held)
                if not held:
                    self._renewer = None
                    return
            with suppress(ClewError):  # The holder finds out at its own next question.
                for token in self._channel.ask("leases.renew", {"tokens": list(held)}):
                    if token in self._held:
                        self._channel.ask("leases.take", {"id": held[token], "token": token})
