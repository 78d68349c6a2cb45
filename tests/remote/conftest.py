"""A server on a real socket, in a thread; each test gets a store of its own behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from clew.adapters.blobs.remote import RemoteBlobs
from clew.adapters.stores.remote import Channel, Connection
from clew.api.server import listen
from clew.api.server.assemble import assemble
from clew.app.exchange import Exchange
from clew.app.served import Served, open_served
from clew.app.settings import load


class Listening:
    """A server whose application can be changed while it listens."""

    def __init__(self) -> None:
        self.application = None
        self.requests: list[str] = []
        self.socket = listen.bind("127.0.0.1", 0)
        self.address = listen.address_of(self.socket, "127.0.0.1")
        config = uvicorn.Config(self, lifespan="off", log_config=None, ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            self.requests.append(f"{scope['method']} {scope['path'].removeprefix('/api/v1/')}")
        await self.application(scope, receive, send)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)


@pytest.fixture(scope="session")
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.stop()


def served_at(folder: Path, address: str, **options: object) -> Served:
    return open_served(load(store=folder), address=address, **options)  # type: ignore[arg-type]


@pytest.fixture
def served(listening: Listening, tmp_path: Path) -> Served:
    """The server's side: a new store, served."""
    made = served_at(tmp_path / "served", listening.address)
    listening.application = assemble(made)
    listening.requests.clear()
    return made


@pytest.fixture
def believing(listening: Listening, served: Served) -> Served:
    """A server that believes every value: the suites name values by chance."""
    exchange = Exchange(served.store.runtime, served.tracking, checked=False)
    made = replace(served, exchange=exchange)
    listening.application = assemble(made)
    return made


@pytest.fixture
def channel(listening: Listening) -> Iterator[Channel]:
    made = Channel(Connection(listening.address))
    yield made
    made.flush()
    made.connection.close()


@pytest.fixture
def blobs(believing: Served, channel: Channel) -> RemoteBlobs:
    return RemoteBlobs(channel)
