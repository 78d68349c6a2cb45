"""Messages to the ports of a server's store, few requests for many.

What needs no answer (the record of a step, a placeholder given up) waits a moment for the next
question and travels with it, in order; the server answers each for itself. Whoever asks after that
sees all that was told before. What waits when the process ends is sent then. The server that dies
meanwhile has not acknowledged it: it is computed again.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import msgspec

from clew.adapters.stores.remote.connection import Connection, Problem, failure
from clew.errors import ClewError, StoreError
from clew.wire.message import MEDIA, Message, encode
from clew.wire.ports import MESSAGES, Ask, Reply

WAIT_S = 0.02
"""How long what was told waits for a question to travel with."""

_MOST_BYTES = 8 << 20
_REPLIES = msgspec.msgpack.Decoder(list[Reply])
_ENCODE_ASKS = msgspec.msgpack.Encoder().encode
_REPEATABLE = frozenset(
    {
        "steps.record",
        "nodes.add",
        "nodes.mark_irreproducible",
        "values.update",
        "values.put_code",
        "values.put_environment",
        "flows.finish",
        "flows.use",
        "leases.take",
        "leases.renew",
        "leases.release",
        "blobs.delete",
        "logging.log",
        "logging.log_inputs",
        "logging.log_outputs",
        "artifacts.link",
        "experiments.set_tag",
        "models.set_tags",
        "models.log_params",
        "runs.update",
    }
)
"""What writes and may be acted upon twice."""


class Channel:
    """The way to one server. Any thread may ask and tell.

    Attributes
    ----------
    prompt : bool
        Send what is told at once: in a worker process, whose word others wait for.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.prompt = False
        self._begin()
        atexit.register(_end, weakref.ref(self))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_begin_again(weakref.ref(self)))

    def _begin(self) -> None:
        self._waiting: list[Ask] = []
        self._waiting_bytes = 0
        self._refused: list[ClewError] = []
        self._queue = threading.Lock()
        self._order = threading.Lock()
        self._timer: threading.Timer | None = None

    def ask(self, name: str, arguments: Mapping[str, object]) -> Any:
        """Return the answer to a message, with all that was told before sent first."""
        message = MESSAGES[name]
        content = encode(arguments)
        with self._order:  # Nobody asks while what was told is on its way.
            if self._waiting:
                return self._send(Ask(name, content), message)
        return message.read_answer(self._single(message, content))

    def tell(self, name: str, arguments: Mapping[str, object]) -> None:
        """Send a message whose answer is nothing, soon.

        Raises
        ------
        ClewError
            What came of one that was told before.
        """
        content = encode(arguments)
        if self.prompt:
            self.flush()
            self._single(MESSAGES[name], content)
            return
        with self._queue:
            self._waiting.append(Ask(name, content))
            self._waiting_bytes += len(content)
            full = self._waiting_bytes > _MOST_BYTES
            if self._timer is None:
                self._timer = threading.Timer(WAIT_S, self._flush_quietly)
                self._timer.daemon = True
                self._timer.start()
        if full or self._refused:
            self.flush()

    def flush(self) -> None:
        """Wait until the server has all that was told.

        Raises
        ------
        ClewError
            What came of it.
        """
        with self._order:
            if self._waiting:
                self._send(None, None)
            elif self._refused:
                raise self._refused.pop(0)

    def _single(self, message: Message, content: bytes) -> bytearray:
        repeat = message.scope == "read" or message.name in _REPEATABLE
        path = f"/{message.port}/{message.verb}"
        return self.connection.request("POST", path, content, media=MEDIA, repeat=repeat)

    def _send(self, ask: Ask | None, message: Message | None) -> Any:
        """Send what waits, and a question behind it; the caller holds the order."""
        with self._queue:
            told, self._waiting, self._waiting_bytes = self._waiting, [], 0
        asks = told if ask is None else [*told, ask]
        repeat = message is None or message.scope == "read" or message.name in _REPEATABLE
        try:
            content = self.connection.request(
                "POST", "/batch", _ENCODE_ASKS(asks), media=MEDIA, repeat=repeat
            )
            replies = _REPLIES.decode(content)
            if len(replies) != len(asks):
                raise StoreError("the server did not answer all of a batch")
        except ClewError:
            with self._queue:  # Nothing of it was acknowledged; all of it may be sent again.
                self._waiting = [*told, *self._waiting]
                self._waiting_bytes = sum(len(one.arguments) for one in self._waiting)
            raise
        errors = [self._error(reply) for reply in replies if reply.problem is not None]
        if errors:
            self._refused += errors[1:]
            raise errors[0]
        if message is None:
            return None
        return message.read_answer(replies[-1].answer or b"")

    def _error(self, reply: Reply) -> ClewError:
        return failure(msgspec.convert(reply.problem, Problem), self.connection.address)

    def _flush_quietly(self) -> None:
        with self._queue:
            self._timer = None
        try:
            self.flush()
        except ClewError as error:
            if not self._waiting:  # What still waits tells its own story at the next try.
                self._refused.append(error)

    def finish(self) -> None:
        """Send what waits: the process ends."""
        try:
            self.flush()
        except ClewError as error:
            count = len(self._waiting)
            print(
                f"clew: {count} records did not reach the server; what they stand for is computed "
                f"again: {error.message}",
                file=sys.stderr,
            )


def _end(reference: weakref.ref[Channel]) -> None:
    channel = reference()
    if channel is not None:
        channel.finish()


def _begin_again(reference: weakref.ref[Channel]) -> Any:
    def in_child() -> None:
        channel = reference()
        if channel is not None:
            channel._begin()  # What waits is the parent's to send.

    return in_child
