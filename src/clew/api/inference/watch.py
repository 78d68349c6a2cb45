"""What became of each request, for those who watch: an access log, traces."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from clew.serve.hosted import Answered, Answering

TRACING = (b"traceparent", b"tracestate")
"""Headers of the W3C's trace context."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request, from its arrival to its answer.

    Parameters
    ----------
    protocol : {"http", "grpc"}
        How it came.
    method, path : str
        ``POST`` and the path; the service's method and "" over gRPC.
    began_ns : int
        When it came, in nanoseconds since 1970.
    client : str
        The address that asked.
    trace : mapping of str to str
        The headers that say which trace it is a part of (``traceparent``, ``tracestate``).
    status : str
        ``200``; ``OK`` over gRPC.
    ended_ns : int
        When it was answered.
    asked_ns, answered_ns : int
        Between them the model was asked; 0: it was not.
    model, version, prediction : str
        Who answered, and the id of the first prediction.
    rows : int
        How many predictions were made.
    """

    protocol: str
    method: str
    path: str
    client: str
    trace: dict[str, str]
    began_ns: int
    status: str = ""
    ended_ns: int = 0
    asked_ns: int = 0
    answered_ns: int = 0
    model: str = ""
    version: str = ""
    prediction: str = ""
    rows: int = 0

    async def ask(
        self, hosted: Answering, rows: Sequence[Any], context: Any = None
    ) -> Sequence[Answered]:
        """Return the answers of a model, and see who gave them."""
        self.model, self.version = hosted.name, hosted.version
        self.asked_ns = time.time_ns()
        try:
            answers = await hosted.answer(rows, context)
        finally:
            self.answered_ns = time.time_ns()
        self.rows, self.prediction = len(answers), answers[0].id
        self.version = answers[0].version or hosted.version
        return answers

    def end(self, status: str) -> None:
        """See that it was answered."""
        self.status, self.ended_ns = status, time.time_ns()


class Watcher(Protocol):
    """Is told of every request. Called on the event loop, so it must not wait."""

    def __call__(self, seen: Seen) -> None:
        """Take note of a request that was answered."""

    def close(self) -> None:
        """Write what is not written yet."""


class AccessLog:
    """Writes a line of JSON for each request."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file

    def __call__(self, seen: Seen) -> None:
        """Write a line."""
        line = {
            "time_ms": seen.began_ns // 1_000_000,
            "client": seen.client,
            "protocol": seen.protocol,
            "method": seen.method,
            "path": seen.path,
            "status": seen.status,
            "ms": round((seen.ended_ns - seen.began_ns) / 1e6, 3),
            "model": seen.model,
            "version": seen.version,
            "rows": seen.rows,
            "prediction": seen.prediction,
            "trace": seen.trace.get("traceparent", ""),
        }
        told = json.dumps({name: value for name, value in line.items() if value not in ("", 0)})
        print(told, file=self._file or sys.stdout, flush=True)

    def close(self) -> None:
        """Do nothing: every line is written at once."""
