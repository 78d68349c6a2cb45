"""`clew serve` from beginning to end: sockets, models, application, loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from clew.api.access import Access
from clew.api.inference.app import Beside, Inference
from clew.api.inference.config import Config
from clew.api.inference.models import Models
from clew.api.inference.traces import Traces
from clew.api.inference.watch import AccessLog, Watcher
from clew.api.server import listen
from clew.api.server.guard import LOCAL_NAMES, Guard
from clew.api.server.workers import supervise
from clew.app.deployments.open import Opened
from clew.app.served import open_served
from clew.app.serving import journal_of, writer_of
from clew.app.settings import load

_LINGER_S = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """What answers now.

    Parameters
    ----------
    address : str
        Of HTTP: ``http://127.0.0.1:5090``.
    rpc : str or None
        Host and port of gRPC.
    opened : Opened
        The models and deployments.
    needs_token : bool
        Whether clients need a token.
    """

    address: str
    rpc: str | None
    opened: Opened
    needs_token: bool


def run(config: Config, ready: Callable[[Ready], None]) -> None:
    """Serve models and deployments until the process is told to end.

    Parameters
    ----------
    ready : callable
        Called once requests are answered.

    Raises
    ------
    ClewError
        When one of them does not exist or cannot be served, or a port is taken.
    """
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(listen.bind(config.host, config.port))
        reserved = None
        if config.grpc_port is not None:
            reserved = sockets.enter_context(listen.reserve(config.host, config.grpc_port))
        if config.workers == 1:
            answer(config, listener, reserved, ready)
            return

        def work(number: int, begun: Callable[[], None]) -> None:
            def announced(state: Ready) -> None:
                begun()
                if number == 0:
                    ready(state)

            answer(config, listener, reserved, announced)

        supervise(work, config.workers)


def answer(
    config: Config,
    listener: socket.socket,
    reserved: socket.socket | None,
    ready: Callable[[Ready], None],
) -> None:
    """Load the models and answer on sockets that are bound."""
    needs_token = not listen.is_loopback(config.host)
    address = listen.address_of(listener, config.host)
    served = open_served(load(), address=address, needs_token=needs_token)
    access = Access(served.tokens, needs_token=True) if needs_token else None
    writer = writer_of(served.store) if config.keep else None
    watchers: list[Watcher] = [AccessLog()] if config.access_log else []
    try:
        if config.traces:
            watchers.append(Traces())
        opened = Opened(served.store, config.specs, config.settings, writer, address)
        models = Models(
            opened.load,
            journal=journal_of(served.store),
            writer=writer,
            moved=opened.moved,
            tell=opened.tell,
        )
        for model in opened.models:
            models.add(model)
        for keeper in opened.keepers:
            models.deploy(keeper)
        rpc = None
        beside: list[Beside] = []
        if reserved is not None:
            from clew.api.inference.rpc.server import RpcServer, target

            rpc = target(config.host, reserved.getsockname()[1])
            beside.append(
                RpcServer(models, rpc, limits=config.limits, access=access, watchers=watchers)
            )
        extra = set(config.hosts)
        guard = Guard(extra | LOCAL_NAMES if extra or not needs_token else set())
        application = Inference(
            models,
            limits=config.limits,
            guard=guard,
            access=access,
            beside=beside,
            watchers=watchers,
        )
        state = Ready(address, rpc, opened, needs_token)
        listen.serve(
            application,
            listener,
            ready=lambda: ready(state),
            stopping=application.stopping,
            linger_s=_LINGER_S,
        )
    finally:
        for watcher in watchers:
            watcher.close()
        if writer is not None:
            writer.close()
