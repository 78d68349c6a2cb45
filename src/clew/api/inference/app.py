"""The inference application: routes, bodies, errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from clew import __version__
from clew.api.access import Access, demand
from clew.api.asgi import Headers, Receive, Scope, Send, header
from clew.api.inference import bodies, forms, tensors
from clew.api.inference.describe import (
    config_of,
    index_of,
    metadata_of,
    server_metadata,
    statistics_of,
)
from clew.api.inference.failures import problem_of, refusal
from clew.api.inference.limits import DEFAULT, Limits
from clew.api.inference.metrics import metrics
from clew.api.inference.models import Models
from clew.api.inference.watch import TRACING, Seen, Watcher
from clew.api.problem import Refused
from clew.api.server.guard import Guard
from clew.entities.token import Scope as TokenScope
from clew.errors import InvalidParameter
from clew.serve.hosted import Answered, Answering

_JSON = (b"content-type", b"application/json")
_LENGTH = b"inference-header-content-length"
_MOST_SHOWN = 300
_encode = msgspec.json.Encoder().encode

Handler = Callable[["Inference", Scope, bytes, Answering], Awaitable["Answer"]]
Answer = tuple[int, bytes, Headers]


class Beside(Protocol):
    """What lives as long as the application."""

    async def start(self) -> Any:
        """Begin."""

    async def stop(self, grace_s: float) -> None:
        """End, after what has begun."""


class Inference:
    """Serves models over HTTP, as a plain ASGI application.

    Parameters
    ----------
    limits : Limits
        What a request may take.
    guard : Guard, optional
        Refuses what a browser sends for a stranger's page.
    access : Access, optional
        Who may ask; None: everybody.
    beside : sequence of Beside
        What is started and stopped with it (the gRPC server).
    watchers : sequence of Watcher
        Who is told what became of each request.
    """

    def __init__(
        self,
        models: Models,
        *,
        limits: Limits = DEFAULT,
        guard: Guard | None = None,
        access: Access | None = None,
        beside: Sequence[Beside] = (),
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.models = models
        self.limits = limits
        self._guard = guard
        self._access = access
        self._beside = beside
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        seen = _seen(scope) if self._watchers else None
        if seen is not None:
            scope["seen"] = seen
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                status, body, headers = await self._answer(scope, receive)
        except Exception as error:
            status, body, headers = self._failed(scope, error)
        body, coding = bodies.packed(scope, body)
        if coding is not None:
            headers += [(b"content-encoding", coding), (b"vary", b"accept-encoding")]
        headers.append((b"content-length", b"%d" % len(body)))
        if self.models.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )
        self.models.responses["http", str(status)] += 1
        if seen is not None:
            seen.end(str(status))
            for watcher in self._watchers:
                watcher(seen)

    def _failed(self, scope: Scope, error: Exception) -> Answer:
        """Return an error as the protocol has it (``error``), with clew's fields beside."""
        told = refusal(error, self.limits, f"{scope['method']} {scope['path'][:200]!r}")
        found = problem_of(told)
        extra = told.headers if isinstance(told, Refused) else ()
        content = {"error": str(told or found.what), **msgspec.to_builtins(found)}
        return found.status, _encode(content), [_JSON, *extra]

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Live until the process ends; what waits then is answered first."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        following = asyncio.ensure_future(self.models.follow())
        for beside in self._beside:
            await beside.start()
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        following.cancel()
        for beside in self._beside:
            await beside.stop(self.limits.timeout_s)
        await self.models.drain()
        await send({"type": "lifespan.shutdown.complete"})

    def stopping(self) -> None:
        """Say that the process was told to end: connections are closed with their next answer."""
        self.models.draining = True

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if self._guard is not None:
            self._guard.check(scope)
        parts = scope["path"].strip("/").split("/")
        method = scope["method"]
        if method == "POST":
            handler, name, version = _posted(parts)
            if handler is not None:
                self._demand(scope, "log" if handler is Inference.feedback else "read")
                hosted = self.models.get(name, version)
                body = await bodies.read(scope, receive, self.limits.most_bytes)
                return await handler(self, scope, body, hosted)
            if parts[:2] == ["v2", "repository"]:
                return await self._repository(parts[2:], scope, receive)
        elif method in ("GET", "HEAD"):
            return self._read(parts, scope)
        raise _nowhere(scope)

    def _demand(self, scope: Scope, needed: TokenScope) -> None:
        if self._access is not None and self._access.needs_token:
            demand(self._access.caller(scope), needed)

    def _read(self, parts: list[str], scope: Scope) -> Answer:
        models = self.models
        match parts:
            case ["v2", "health", "live"]:
                return _json({"live": True, "ready": models.ready()})
            case ["v2", "health", "ready"]:
                ready = models.ready()
                return _json({"ready": ready, "live": True}, 200 if ready else 503)
            case ["ping"] | ["health"]:
                return 200, b"\n", [_JSON]
        self._demand(scope, "read")
        match parts:
            case ["v2"]:
                return _json(server_metadata(__version__))
            case ["version"]:
                return 200, __version__.encode(), [(b"content-type", b"text/plain")]
            case ["metrics"]:
                text = metrics(models)
                return 200, text.encode(), [(b"content-type", b"text/plain; version=0.0.4")]
            case ["v2", "models", "stats"]:
                return _json({"model_stats": [statistics_of(hosted) for hosted in models]})
            case ["v2", "models", name, *rest]:
                return self._model(name, rest)
            case ["v2", "predictions", id]:
                return _json(forms.prediction_of(models.prediction(id)))
        raise _nowhere(scope)

    def _model(self, name: str, rest: list[str]) -> Answer:
        version = None
        if len(rest) >= 2 and rest[0] == "versions":
            version, rest = rest[1], rest[2:]
        hosted = self.models.get(name, version)
        match rest:
            case []:
                return _json(metadata_of(hosted, self.models.versions(name)))
            case ["ready"]:
                return _json({"name": name, "ready": True})
            case ["config"]:
                return _json(config_of(hosted))
            case ["stats"]:
                return _json({"model_stats": [statistics_of(hosted)]})
        raise Refused(404, "NoRoute", "there is nothing at this path")

    async def _repository(self, parts: list[str], scope: Scope, receive: Receive) -> Answer:
        self._demand(scope, "read" if parts == ["index"] else "promote")
        body = await bodies.read(scope, receive, self.limits.most_bytes)
        asked = forms.repository_of(body)
        match parts:
            case ["index"]:
                return 200, _encode(index_of(self.models, ready=asked.ready)), [_JSON]
            case ["models", name, "load"]:
                await self.models.load(name, asked.parameters)
                return _json({})
            case ["models", name, "unload"]:
                await self.models.unload(name)
                return _json({})
        raise _nowhere(scope)

    async def infer(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Answer an inference request of the protocol."""
        length = _header_length(scope)
        request = tensors.parse(body, length)
        rows = tensors.rows_of(request, hosted.compiled.signature)
        answers = await _asked(scope, hosted, rows, request.parameters)
        binary = bool((request.parameters or {}).get("binary_data_output", False))
        outputs, parts = tensors.outputs_of(answers, request.outputs, binary=binary)
        response: dict[str, Any] = {
            "model_name": hosted.name,
            "model_version": answers[0].version or hosted.version,
            "outputs": outputs,
        }
        if answers[0].decision is not None:
            response["parameters"] = forms.decision_of(answers)
        if request.id is not None:
            response["id"] = request.id
        content, head = tensors.encoded(response, parts)
        if head is None:
            return 200, content, [_JSON]
        kind = (b"content-type", b"application/octet-stream")
        return 200, content, [kind, (_LENGTH, b"%d" % head)]

    async def predict(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Answer ``{"rows": [{column: value}]}``."""
        asked = forms.plain_rows(body)
        answers = await _asked(scope, hosted, asked.rows, asked.context)
        return 200, _encode(forms.plain_answer(hosted, answers)), [_JSON]

    async def invocations(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Answer MLflow's scoring protocol."""
        media = (header(scope, b"content-type") or b"application/json").decode("latin-1")
        rows = forms.mlflow_rows(body, media, hosted.compiled.signature)
        answers = await _asked(scope, hosted, rows)
        return 200, _encode({"predictions": [a.prediction for a in answers]}), [_JSON]

    async def feedback(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Take feedback to predictions."""
        said = forms.feedback_of(body)
        return _json({"ids": self.models.take(said)})


_ROUTES: Mapping[str, Handler] = {
    "infer": Inference.infer,
    "predict": Inference.predict,
    "invocations": Inference.invocations,
    "feedback": Inference.feedback,
}


def _posted(parts: list[str]) -> tuple[Handler | None, str | None, str | None]:
    """Return what answers a POST, and the model's name and version that the path gives."""
    match parts:
        case ["v2", "models", name, verb]:
            return _ROUTES.get(verb), name, None
        case ["v2", "models", name, "versions", version, verb]:
            return _ROUTES.get(verb), name, version
        case ["invocations"]:
            return Inference.invocations, None, None
    return None, None, None


def _header_length(scope: Scope) -> int | None:
    given = header(scope, _LENGTH)
    if given is None:
        return None
    if not given.isdigit() or len(given) > 12:
        raise InvalidParameter(
            "Inference-Header-Content-Length",
            got=given[:40].decode("latin-1"),
            expected="a number of bytes",
        )
    return int(given)


def _asked(
    scope: Scope, hosted: Answering, rows: Sequence[Any], context: Any = None
) -> Awaitable[Sequence[Answered]]:
    """Ask a model, watched if anybody watches."""
    seen: Seen | None = scope.get("seen")
    return hosted.answer(rows, context) if seen is None else seen.ask(hosted, rows, context)


def _seen(scope: Scope) -> Seen:
    """Return what is known of a request when it comes."""
    client = scope.get("client")
    return Seen(
        protocol="http",
        method=scope["method"],
        path=scope["path"][:_MOST_SHOWN],
        client=str(client[0]) if client else "",
        trace={
            name.decode(): value[:_MOST_SHOWN].decode("latin-1")
            for name, value in scope["headers"]
            if name in TRACING
        },
        began_ns=time.time_ns(),
    )


def _json(content: Mapping[str, Any], status: int = 200) -> Answer:
    return status, _encode(content), [_JSON]


def _nowhere(scope: Scope) -> Refused:
    return Refused(404, "NoRoute", "there is nothing at this path", got=scope["path"][:200])
