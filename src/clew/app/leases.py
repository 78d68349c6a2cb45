"""Placeholders that clients of a server hold: a claim of the store for as long as they say so.

A client that dies, or whose network does, says nothing any more: its claim is free when the lease
ends. Processes on the server's machine see these claims as any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from clew.lineage.canonical import NodeId
from clew.lineage.ports import Claims

LEASE_S = 15.0
"""How long a placeholder lasts that nobody renews: three renewals may be lost."""


@dataclass(slots=True)
class _Lease:
    id: NodeId
    claim: ExitStack
    ends_s: float


class ClientLeases:
    """The leases of one server (`clew.wire.ports.Leases`). Any thread may call.

    Parameters
    ----------
    claims : Claims
        Those of the store.
    """

    def __init__(self, claims: Claims, lease_s: float = LEASE_S) -> None:
        self.lease_s = lease_s
        self._claims = claims
        self._by_token: dict[str, _Lease] = {}
        self._holders: dict[NodeId, str] = {}
        self._lock = threading.Lock()
        self._sweeper: threading.Thread | None = None

    def take(self, id: NodeId, token: str) -> bool:
        """Take a node's placeholder, or say that somebody else has it."""
        with self._lock:
            self._drop_ended()
            holder = self._holders.get(id)
            if holder is not None:
                return holder == token  # The answer to the first try may have been lost.
            claim = ExitStack()
            if not claim.enter_context(self._claims.hold(id, wait=False)):
                claim.close()
                return False
            self._by_token[token] = _Lease(id, claim, time.monotonic() + self.lease_s)
            self._holders[id] = token
            self._sweep()
            return True

    def renew(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Go on holding; return those that are lost."""
        with self._lock:
            self._drop_ended()
            ends_s = time.monotonic() + self.lease_s
            for token in tokens:
                if token in self._by_token:
                    self._by_token[token].ends_s = ends_s
            return tuple(token for token in tokens if token not in self._by_token)

    def release(self, tokens: Sequence[str]) -> None:
        """Give placeholders up."""
        with self._lock:
            for token in tokens:
                self._drop(token)

    def _drop(self, token: str) -> None:
        lease = self._by_token.pop(token, None)
        if lease is not None:
            del self._holders[lease.id]
            lease.claim.close()

    def _drop_ended(self) -> None:
        now_s = time.monotonic()
        for token in [t for t, lease in self._by_token.items() if lease.ends_s <= now_s]:
            self._drop(token)

    def _sweep(self) -> None:
        """See to it that claims end even if nobody asks: processes of this machine may wait."""
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._watch, name="clew-leases", daemon=True)
            self._sweeper.start()

    def _watch(self) -> None:
        while True:
            time.sleep(self.lease_s / 3)
            with self._lock:
                self._drop_ended()
                if not self._by_token:
                    self._sweeper = None
                    return
