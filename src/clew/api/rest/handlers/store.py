"""A store for clients that use it as theirs: messages to its ports, and bytes of values."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec

from clew.api import problem
from clew.api.access import Caller, demand
from clew.api.asgi import Receive, Reply
from clew.api.problem import Refused
from clew.api.rest.contract.basis import Done
from clew.api.rest.contract.store import BYTES, PartQuery, StoredFile
from clew.api.rest.dispatch import Handler
from clew.app.exchange import value_id
from clew.app.served import Served
from clew.errors import ClewError, InvalidParameter
from clew.wire import message as wire
from clew.wire.message import Message
from clew.wire.ports import MESSAGES, Ask
from clew.wire.ports import Reply as Answered

Kept = TypeVar("Kept")

_log = logging.getLogger("clew.server")
_PIECE = 1 << 20
_MOST_AT_ONCE = 10_000
_KIND = (b"content-type", wire.MEDIA.encode())
_NO_STORE = (b"cache-control", b"no-store")
_ASKS = msgspec.msgpack.Decoder(list[Ask])


class _Writer(Protocol):
    def write(self, chunk: bytes) -> None:
        """Append bytes."""

    def abort(self) -> None:
        """Drop them."""


def _asked(message: Message) -> Handler:
    """Return what answers one message."""

    def ask(served: Served, content: bytes, caller: Caller) -> Reply:
        return Reply(200, [_KIND, _NO_STORE], _answer(served, message, content, caller))

    return ask


def _answer(served: Served, message: Message, content: bytes, caller: Caller) -> bytes:
    arguments = message.read_arguments(content)
    return wire.encode(served.exchange.call(message, arguments, caller.actor))


def batch(served: Served, content: bytes, caller: Caller) -> Reply:
    """Answer several messages in order, each for itself: what fails stops no other."""
    try:
        asks = _ASKS.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidParameter("the message is not accepted", got=str(error)[:500]) from None
    if len(asks) > _MOST_AT_ONCE:
        raise InvalidParameter("messages at once", got=str(len(asks)), expected="at most 10,000")
    answers = [_one(served, ask, caller) for ask in asks]
    return Reply(200, [_KIND, _NO_STORE], msgspec.msgpack.encode(answers))


def _one(served: Served, ask: Ask, caller: Caller) -> Answered:
    try:
        message = MESSAGES.get(ask.name)
        if message is None:
            raise Refused(404, "NoRoute", "there is no such message", got=ask.name[:100])
        demand(caller, message.scope)
        return Answered(_answer(served, message, ask.arguments, caller))
    except ClewError as error:
        return Answered(None, problem.of(error))
    except Exception:
        _log.exception("%s", ask.name)
        return Answered(None, problem.unexpected())


def give(served: Served, id: str) -> Reply:
    """Return a value's bytes."""
    return _bytes(served.exchange.give(value_id(id)))


async def take(served: Served, id: str, receive: Receive) -> Done:
    """Check a value and keep it."""
    incoming = served.exchange.take(value_id(id))
    return Done(changed=await _drain(receive, incoming, incoming.commit))


def read(served: Served, id: str, query: PartQuery) -> Reply:
    """Return a file's bytes, or a part of them."""
    return _bytes(iter(served.exchange.streams.stream(value_id(id), query.start, query.stop)))


async def write(served: Served, receive: Receive) -> StoredFile:
    """Keep a file by its content."""
    receiver = await asyncio.to_thread(served.exchange.streams.receive)
    id, size_bytes = await _drain(receive, receiver, receiver.commit)
    return StoredFile(id=id.hex(), size_bytes=size_bytes)


def _bytes(pieces: Iterator[bytes]) -> Reply:
    return Reply(200, [(b"content-type", BYTES.encode()), _NO_STORE], pieces)


async def _drain(receive: Receive, writer: _Writer, commit: Callable[[], Kept]) -> Kept:
    """Write a request's body as it comes, and keep it once it is complete."""
    held: list[bytes] = []
    waiting, more = 0, True
    try:
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise Refused(400, "BrokenOff", "the request ended before it was complete")
            piece, more = event.get("body", b""), event.get("more_body", False)
            held.append(piece)
            waiting += len(piece)
            if waiting >= _PIECE or not more:
                await asyncio.to_thread(writer.write, b"".join(held))
                held, waiting = [], 0
        return await asyncio.to_thread(commit)
    finally:
        await asyncio.shield(asyncio.to_thread(writer.abort))


HANDLERS: dict[str, Handler] = {
    **{f"store.{message.name}": _asked(message) for message in MESSAGES.values()},
    "store.batch": batch,
    "store.give": give,
    "store.take": take,
    "store.read": read,
    "store.write": write,
}
