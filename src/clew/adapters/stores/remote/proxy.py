"""A port of a server's store as an object with the port's methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.adapters.stores.remote.channel import Channel
from clew.wire.message import Message
from clew.wire.ports import of_port


def proxy(port: str, channel: Channel) -> Any:
    """Return an object with the methods of a port, each a question to the server.

    Parameters
    ----------
    port : str
        Its name in `clew.wire.ports`.
    """
    methods = {verb: asking(message) for verb, message in of_port(port).items()}
    made = type(f"Remote{port.title()}", (), methods)()
    made.channel = channel
    return made


def asking(message: Message) -> Callable[..., Any]:
    """Return a method that asks a message over ``self.channel``."""

    def method(self: Any, *args: object, **named: object) -> Any:
        return self.channel.ask(message.name, message.arguments(args, named))

    method.__name__ = method.__qualname__ = message.verb
    method.__doc__ = message.does
    return method


def telling(message: Message) -> Callable[..., None]:
    """Return a method that tells a message over ``self.channel``."""

    def method(self: Any, *args: object, **named: object) -> None:
        self.channel.tell(message.name, message.arguments(args, named))

    method.__name__ = method.__qualname__ = message.verb
    method.__doc__ = message.does
    return method
