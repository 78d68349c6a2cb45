"""A served store, asked through ASGI calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from clew.api.server.assemble import assemble
from clew.app.served import Served, open_served
from clew.app.settings import load


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks an application as a client of this machine does."""

    def __init__(self, application, headers: dict[str, str] | None = None) -> None:
        self.application = application
        self.headers = {"host": "127.0.0.1:5080", **(headers or {})}
        self.peer = ("127.0.0.1", 40000)
        self.sent: list[tuple[bytes, bytes]] = []
        """The headers of the last answer, one by one."""

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        return asyncio.run(self._ask(method, path, body, headers or {}, raw))

    async def _ask(self, method, path, body, headers, raw) -> Answer:
        from urllib.parse import unquote

        location, _, query = path.partition("?")
        sent = {**self.headers, **headers}
        content = raw if raw is not None else b""
        if body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(location),
            "raw_path": location.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items() if v is not None],
            "client": self.peer,
            "server": ("127.0.0.1", 5080),
            "state": {},
        }
        messages = [{"type": "http.request", "body": content, "more_body": False}]
        got: list[dict[str, Any]] = []

        async def receive():
            if not messages:
                await asyncio.Event().wait()
            return messages.pop(0)

        async def send(message):
            got.append(message)

        await self.application(scope, receive, send)
        start = got[0]
        self.sent = list(start["headers"])
        return Answer(
            start["status"],
            {k.decode(): v.decode("latin-1") for k, v in start["headers"]},
            b"".join(m.get("body", b"") for m in got[1:]),
        )

    def get(self, path: str, status: int = 200, **kw: Any) -> Any:
        answer = self("GET", path, **kw)
        assert answer.status == status, answer.body
        return answer.json()

    def post(self, path: str, body: object = None, status: int = 200, method: str = "POST") -> Any:
        answer = self(method, path, {} if body is None else body)
        assert answer.status == status, answer.body
        return answer.json()


@pytest.fixture
def served() -> Served:
    return open_served(load(), address="http://127.0.0.1:5080")


@pytest.fixture
def client(served: Served) -> Client:
    return Client(assemble(served))


@pytest.fixture
def fresh_client() -> Callable[..., Client]:
    return Client
