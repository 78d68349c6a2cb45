"""From a store to the application that serves it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clew.api import mlflow
from clew.api.access import Access
from clew.api.rest.contract.routes import ROUTES
from clew.api.rest.dispatch import Rest
from clew.api.rest.handlers import HANDLERS
from clew.api.rest.handlers.events import feed
from clew.api.server.application import Server
from clew.api.server.guard import LOCAL_NAMES, Guard
from clew.api.server.static import COMPILED, Files
from clew.app.served import Served


def assemble(served: Served, *, hosts: Iterable[str] = (), ui: Path = COMPILED) -> Server:
    """Return the application that serves a store.

    Parameters
    ----------
    hosts : iterable of str
        Names under which it may be addressed besides those of this machine. A server that demands
        tokens answers under every name, unless some are given.
    """
    extra = set(hosts)
    names = extra | LOCAL_NAMES if extra or not served.needs_token else set()
    return Server(
        Rest(served, ROUTES, HANDLERS),
        guard=Guard(names),
        access=Access(served.tokens, needs_token=served.needs_token),
        files=Files(ui),
        mounted=dict.fromkeys(mlflow.PREFIXES, mlflow.app(served.tracking)),
        needed=mlflow.needed,
        stop=feed(served).stop,
    )
