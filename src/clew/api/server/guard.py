"""Requests that a browser sends for a stranger's page are refused.

A server on this machine answers without a token, so a page from elsewhere must not reach it
through the user's browser. Two checks forbid that: the ``Host`` must be a name of this machine
(a stranger's name that was made to point here is not: DNS rebinding), and what changes something
must come from a page of this server, where a browser says where it comes from (``Origin``,
``Sec-Fetch-Site``). Programs say neither and pass.
"""

from __future__ import annotations

from collections.abc import Iterable

from clew.api.asgi import Scope
from clew.api.problem import Refused

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """The checks of one server.

    Parameters
    ----------
    hosts : iterable of str
        Names under which it may be addressed, without ports; every name if there are none (a server
        that demands tokens).
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(name.lower() for name in hosts)
        self._known: set[bytes] = set()

    def check(self, scope: Scope) -> None:
        """Let a request pass, or not.

        Raises
        ------
        Refused
            With status 400 or 403.
        """
        host = origin = site = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None:
                    raise Refused(400, "BadHost", "the request has two Host headers")
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
        if self._hosts and host not in self._known:
            self._admit(host)
        if scope["method"] not in _SAFE and (origin is not None or site is not None):
            _from_here(host, origin, site)

    def _admit(self, host: bytes | None) -> None:
        text = (host or b"").decode("latin-1")
        name = text if text.endswith("]") else text.rpartition(":")[0] or text
        name = name.lower()
        if name not in self._hosts and not name.endswith(".localhost"):
            raise Refused(
                403,
                "BadHost",
                "this server does not answer under that name",
                got=text[:200] or "no Host header",
                expected=", ".join(sorted(self._hosts)),
                hint="name it with `clew server --allow-host NAME`",
            )
        if host is not None and len(self._known) < 100:
            self._known.add(host)


def _from_here(host: bytes | None, origin: bytes | None, site: bytes | None) -> None:
    """Refuse what a page of another place sent."""
    if origin is not None:
        if host is not None and origin.partition(b"://")[2] == host:
            return
    elif site in (b"same-origin", b"none"):
        return
    raise Refused(
        403,
        "CrossSite",
        "a page of another place must not change anything here",
        got=(origin or site or b"").decode("latin-1")[:200],
        hint="open the web UI under this server's own address",
    )
