"""The inference application: routes, bodies, errors."""

from __future__ import annotations

import asyncio
import gzip
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from clew import __version__
from clew.api import problem
from clew.api.asgi import Headers, Receive, Scope, Send, header
from clew.api.inference import forms, tensors
from clew.api.inference.describe import index_of, metadata_of, server_metadata, statistics_of
from clew.api.inference.models import Models
from clew.api.problem import Refused
from clew.errors import ClewError, InvalidParameter
from clew.serve.batch import Overloaded
from clew.serve.hosted import Answering

_log = logging.getLogger("clew.serve")
_JSON = (b"content-type", b"application/json")
_LENGTH = b"inference-header-content-length"
_encode = msgspec.json.Encoder().encode

Handler = Callable[["Inference", Scope, bytes, Answering], Awaitable["Answer"]]
Answer = tuple[int, bytes, Headers]


class Inference:
    """Serves models over HTTP, as a plain ASGI application.

    Parameters
    ----------
    most_bytes : int
        Largest body of a request, after decompression too.
    timeout_s : float
        How long a request may take, its wait in the queue included.
    """

    def __init__(
        self, models: Models, *, most_bytes: int = 64 << 20, timeout_s: float = 30.0
    ) -> None:
        self.models = models
        self._most_bytes = most_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        try:
            status, body, headers = await self._answer(scope, receive)
        except Overloaded as error:
            retry = (b"retry-after", b"%d" % max(1, round(error.retry_after_s)))
            status, body, headers = _problem(
                Refused(429, "Overloaded", error.message, got=error.got, headers=(retry,))
            )
        except TimeoutError:
            status, body, headers = _problem(
                Refused(504, "Timeout", f"no answer within {self._timeout_s:g} s")
            )
        except ClewError as error:
            status, body, headers = _problem(error)
        except Exception:
            _log.exception("%s %s", scope["method"], scope["path"])
            status, body, headers = 500, problem.encode(problem.unexpected()), [_JSON]
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Live until the process ends; what waits then is answered first."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        following = asyncio.ensure_future(self.models.follow())
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        following.cancel()
        await self.models.drain()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        parts = scope["path"].strip("/").split("/")
        method = scope["method"]
        if method == "POST":
            handler, name, version = _posted(parts)
            if handler is not None:
                hosted = self.models.get(name, version)
                body = await self._body(scope, receive)
                return await asyncio.wait_for(handler(self, scope, body, hosted), self._timeout_s)
            if parts[:2] == ["v2", "repository"]:
                return await self._repository(parts[2:], scope, receive)
        elif method in ("GET", "HEAD"):
            return self._read(parts)
        raise _nowhere(scope)

    def _read(self, parts: list[str]) -> Answer:
        models = self.models
        match parts:
            case ["v2"]:
                return _json(server_metadata(__version__))
            case ["v2", "health", "live"]:
                return _json({"live": True})
            case ["v2", "health", "ready"]:
                ready = models.ready()
                return _json({"ready": ready, "live": True}, 200 if ready else 503)
            case ["ping"] | ["health"]:
                return 200, b"\n", [(b"content-type", b"application/json")]
            case ["version"]:
                return 200, __version__.encode(), [(b"content-type", b"text/plain")]
            case ["metrics"]:
                text = models.metrics()
                return 200, text.encode(), [(b"content-type", b"text/plain; version=0.0.4")]
            case ["v2", "models", name, *rest]:
                return self._model(name, rest)
            case ["v2", "predictions", id]:
                return _json(forms.prediction_of(models.prediction(id)))
        raise Refused(404, "NoRoute", "there is nothing at this path")

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
                return _json({**metadata_of(hosted, [hosted.version]), "max_batch_size": 0})
            case ["stats"]:
                return _json({"model_stats": [statistics_of(hosted)]})
        raise Refused(404, "NoRoute", "there is nothing at this path")

    async def _repository(self, parts: list[str], scope: Scope, receive: Receive) -> Answer:
        await self._body(scope, receive)
        match parts:
            case ["index"]:
                return 200, _encode(index_of(self.models)), [_JSON]
            case ["models", name, "load"]:
                await self.models.load(name)
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
        answers = await hosted.answer(rows, request.parameters)
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
        answers = await hosted.answer(asked.rows, asked.context)
        return 200, _encode(forms.plain_answer(hosted, answers)), [_JSON]

    async def invocations(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Answer MLflow's scoring protocol."""
        media = (header(scope, b"content-type") or b"application/json").decode("latin-1")
        rows = forms.mlflow_rows(body, media, hosted.compiled.signature)
        answers = await hosted.answer(rows)
        return 200, _encode({"predictions": [a.prediction for a in answers]}), [_JSON]

    async def feedback(self, scope: Scope, body: bytes, hosted: Answering) -> Answer:
        """Take feedback to predictions."""
        said = forms.feedback_of(body)
        return _json({"ids": self.models.take(said)})

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        message = await receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            chunks = [body]
            size = len(body)
            while message.get("more_body"):
                message = await receive()
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > self._most_bytes:
                    break
                chunks.append(chunk)
            body = b"".join(chunks)
            self._check_size(size)
        self._check_size(len(body))
        coding = header(scope, b"content-encoding")
        if coding in (None, b"identity", b""):
            return body
        return self._decompressed(body, coding)

    def _check_size(self, size: int) -> None:
        if size > self._most_bytes:
            raise Refused(
                413, "TooLarge", "the request is too large", expected=f"≤ {self._most_bytes} bytes"
            )

    def _decompressed(self, body: bytes, coding: bytes | None) -> bytes:
        window = {b"gzip": 31, b"deflate": 15}.get(coding or b"")
        if window is None:
            raise Refused(
                415, "Coding", "unknown content coding", got=str(coding), expected="gzip, deflate"
            )
        try:
            engine = zlib.decompressobj(window)
            content = engine.decompress(body, self._most_bytes + 1)
        except (zlib.error, gzip.BadGzipFile):
            raise InvalidParameter("the body is not what its coding says") from None
        self._check_size(len(content))
        return content


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


def _json(content: Mapping[str, Any], status: int = 200) -> Answer:
    return status, _encode(content), [_JSON]


def _problem(error: ClewError) -> Answer:
    """Return an error as the protocol has it (``error``), with clew's fields beside."""
    found = problem.of(error)
    if found.status >= 500 and not isinstance(error, Refused):
        _log.error("%s", error, exc_info=error)
    extra = error.headers if isinstance(error, Refused) else ()
    content = {"error": str(error), **msgspec.to_builtins(found)}
    return found.status, _encode(content), [_JSON, *extra]


def _nowhere(scope: Scope) -> Refused:
    return Refused(404, "NoRoute", "there is nothing at this path", got=scope["path"][:200])
