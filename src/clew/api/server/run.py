"""`clew server` from beginning to end: settings, socket, store, application, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clew.api.server import listen, running
from clew.api.server.assemble import assemble
from clew.app.served import open_served
from clew.app.settings import load, local


def run(
    host: str,
    port: int,
    *,
    hosts: Sequence[str],
    ready: Callable[[str, bool], None],
    accept_pickles: bool = False,
    access_log: bool = False,
) -> None:
    """Serve the store that the settings name until the process is told to end.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 takes a free one. Beyond loopback, tokens are demanded.
    hosts : sequence of str
        Further names under which clients may address it.
    ready : callable
        ``ready(address, needs_token)`` is called once requests are answered.
    accept_pickles : bool, default False
        Take values of clients in whose reading runs code.

    Raises
    ------
    StoreError
        When the store cannot be opened, or the port is taken.
    """
    settings = local(load(), "a server")
    listener = listen.bind(host, port)
    address = listen.address_of(listener, host)
    needs_token = not listen.is_loopback(host)
    served = open_served(
        settings, address=address, needs_token=needs_token, accept_pickles=accept_pickles
    )
    server = assemble(served, hosts=hosts)

    def announced() -> None:
        running.announce(settings.store, address)
        ready(address, needs_token)

    try:
        listen.serve(server, listener, ready=announced, stopping=server.stop, access_log=access_log)
    finally:
        running.withdraw(settings.store)
        listener.close()
