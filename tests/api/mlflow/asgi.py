"""Calls of an ASGI application without a server: one function, one answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends requests to an application, each in its own event loop."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        body: bytes | Sequence[bytes] | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        actor: str | None = None,
    ) -> Answer:
        sent = {k.lower(): v for k, v in (headers or {}).items()}
        if body is None:
            body = b"" if json_body is None else json.dumps(json_body).encode()
            sent.setdefault("content-type", "application/json")
        pieces = [body] if isinstance(body, bytes) else list(body)
        raw = quote(path, safe="/%:@!$&'()*+,;=~-._")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw.encode(),
            "query_string": urlencode(query or {}, doseq=True).encode(),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in sent.items()],
            "state": {"actor": actor} if actor else {},
        }
        return asyncio.run(self._run(scope, pieces))

    def post(self, path: str, json_body: Any = None, **more: Any) -> Any:
        """Send a call that must succeed; return its JSON."""
        answer = self("POST", path, {} if json_body is None else json_body, **more)
        assert answer.status == 200, answer.body
        return answer.json

    def get(self, path: str, /, **query: Any) -> Any:
        """Ask what must be there; return its JSON."""
        answer = self("GET", path, query=query)
        assert answer.status == 200, answer.body
        return answer.json

    async def _run(self, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
        left = list(pieces) or [b""]
        status = 0
        headers: dict[str, str] = {}
        got = bytearray()

        async def receive() -> dict[str, Any]:
            if not left:
                return {"type": "http.disconnect"}
            piece = left.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(left)}

        async def send(event: dict[str, Any]) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                headers.update({k.decode(): v.decode("latin-1") for k, v in event["headers"]})
            else:
                got.extend(event.get("body", b""))

        await self.app(scope, receive, send)
        return Answer(status, headers, bytes(got))
