"""The process that listens: uvicorn with uvloop and httptools, one process, one loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator

from clew.api import asgi
from clew.errors import InvalidParameter, StoreError

DEFAULT_PORT = 5080
_KEEP_ALIVE_S = 75
_GRACE_S = 10
_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises
    ------
    InvalidParameter
        When the host is no address of this machine.
    StoreError
        When the port is taken, or this user may not have it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise InvalidParameter(
            "no such host", got=repr(host), expected="a name or address of this machine"
        ) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StoreError(
            f"cannot listen on {host}:{port}",
            got=error.strerror or str(error),
            hint="choose another one with --port, or 0 for any that is free",
        ) from None
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that holds a port for servers that share it; it does not listen.

    Raises
    ------
    InvalidParameter, StoreError
        As `bind` does: also when others share the port already.
    """
    with bind(host, port) as probe:
        address = probe.getsockname()
    holder = socket.socket(probe.family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(address)
    return holder


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine's own, which nobody else reaches."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(str(entry[4][0]).startswith(asgi.LOOPBACK) for entry in found)


def address_of(listener: socket.socket, host: str) -> str:
    """Return the address under which a client on this machine reaches a socket."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"http://{name}:{port}"


def serve(
    application: asgi.Application,
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    stopping: Callable[[], None],
    access_log: bool = False,
    linger_s: float = 0.0,
) -> None:
    """Answer requests until the process is told to end; finish those that have begun.

    Parameters
    ----------
    ready : callable
        Called once requests are answered.
    stopping : callable
        Called when the process was told to end: what streams without end must end now.
    linger_s : float
        How long connections stay open then, so that a client that is sending gets its answer, and
        with it the word that its connection closes; new ones are refused at once.
    """
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # Uvicorn raises them again at its end, which would skip what is to be done after it.
            signals = (signal.SIGINT, signal.SIGTERM)
            before = {number: signal.signal(number, self.handle_exit) for number in signals}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            stopping()
            for server in self.servers:
                server.close()
            for bound in sockets or []:
                bound.close()
            until_s = time.monotonic() + linger_s
            while self.server_state.connections and time.monotonic() < until_s:
                await asyncio.sleep(0.01)
            await super().shutdown(sockets=sockets)

    config = uvicorn.Config(
        application,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools" if sys.platform != "win32" else "h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=access_log,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # What is loaded by now stays: a collection that walked it would hold up requests for 0.1 s.
    gc.collect()
    gc.freeze()
    Announcing(config).run(sockets=[listener])
