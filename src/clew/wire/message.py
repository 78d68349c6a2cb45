"""One method of a port as a message: its arguments, its answer, who may send it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from clew.entities.token import Scope
from clew.errors import InvalidParameter, WrongType
from clew.lineage.records import Node

MEDIA = "application/msgpack"

_LARGEST = 1 << 63
_CHECKED_THERE: dict[str, Any] = {"stage": str, "version": int | str}
"""Arguments that the ports themselves check, in MLflow's words."""
_ENCODER = msgspec.msgpack.Encoder()


class Message:
    """A method of a port.

    Parameters
    ----------
    port, verb : str
        Names of both, as they stand in the path.
    method : function
        The method as the port declares it: what may be sent is read from its signature.
    scope : Scope
        What a token must be allowed.
    """

    def __init__(self, port: str, verb: str, method: Callable[..., Any], scope: Scope) -> None:
        self.port = port
        self.verb = verb
        self.scope = scope
        self.does = (inspect.getdoc(method) or "").partition("\n")[0].rstrip(".")
        self._method = method

    @property
    def name(self) -> str:
        """Port and verb: ``nodes.variants``."""
        return f"{self.port}.{self.verb}"

    @cached_property
    def signature(self) -> inspect.Signature:
        """How the method is called, ``self`` left out."""
        found = inspect.signature(self._method)
        return found.replace(parameters=list(found.parameters.values())[1:])

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the arguments."""
        return tuple(self.signature.parameters)

    def arguments(self, args: tuple[object, ...], named: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments of a call by name."""
        return dict(self.signature.bind(*args, **named).arguments)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self._method)

    @cached_property
    def _asked(self) -> msgspec.msgpack.Decoder[Any]:
        hints = self._hints | {k: v for k, v in _CHECKED_THERE.items() if k in self._hints}
        fields: list[Any] = []
        for name, parameter in self.signature.parameters.items():
            if parameter.default is inspect.Parameter.empty:
                fields.append((name, hints[name]))
            else:
                fields.append((name, hints[name] | msgspec.UnsetType, msgspec.UNSET))
        kind = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
        return msgspec.msgpack.Decoder(_sealed(kind))

    @cached_property
    def _answered(self) -> msgspec.msgpack.Decoder[Any]:
        kind = self._hints["return"]
        if get_origin(kind) is Iterator:
            kind = tuple[get_args(kind)[0], ...]  # type: ignore[misc]
        return msgspec.msgpack.Decoder(_sealed(None if kind is type(None) else kind))

    def read_arguments(self, content: bytes) -> dict[str, Any]:
        """Return the arguments that a client sent.

        Raises
        ------
        InvalidParameter
            When they are not those of the method.
        """
        found = _opened(self._asked, content)
        return {
            name: value
            for name in self.parameters
            if (value := getattr(found, name)) is not msgspec.UNSET
        }

    def read_answer(self, content: bytes | bytearray) -> Any:
        """Return what the server answered."""
        return _opened(self._answered, content)


class Sealed(msgspec.Struct, array_like=True, frozen=True):
    """Something on its way.

    Parameters
    ----------
    seeds : dict
        Seeds of nodes, by their ids, that MessagePack has no number for, in decimal.
    """

    content: Any
    seeds: dict[str, str] = {}


def _sealed(kind: Any) -> Any:
    seeds: Any = msgspec.field(default_factory=dict)
    fields: list[Any] = [("content", kind), ("seeds", dict[str, str], seeds)]
    return msgspec.defstruct("Sealed", fields, array_like=True, frozen=True)


def encode(content: object) -> bytes:
    """Return arguments or an answer as they travel.

    Raises
    ------
    InvalidParameter, WrongType
        When they hold what cannot travel: a text that is no Unicode, an object.
    """
    try:
        return _ENCODER.encode(Sealed(content))
    except OverflowError:
        seeds: dict[str, str] = {}
        stripped = _each_node(content, lambda node: _without_seed(node, seeds))
        try:
            return _ENCODER.encode(Sealed(stripped, seeds))
        except OverflowError:
            raise InvalidParameter("a whole number is too large", expected="64 bits") from None
    except UnicodeEncodeError as error:
        raise InvalidParameter("a text is not Unicode", got=repr(error.object)[:100]) from None
    except TypeError as error:
        raise WrongType("an argument cannot be sent to a server", got=str(error)) from None


def _opened(decoder: msgspec.msgpack.Decoder[Any], content: bytes | bytearray) -> Any:
    try:
        sealed = decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidParameter("the message is not accepted", got=str(error)[:500]) from None
    if not sealed.seeds:
        return sealed.content
    seeds = sealed.seeds
    return _each_node(sealed.content, lambda node: _with_seed(node, seeds))


def _each_node(content: Any, change: Callable[[Node], Node]) -> Any:
    """Return a copy with every node changed."""
    if isinstance(content, Node):
        return change(content)
    if isinstance(content, tuple | list):
        return type(content)(_each_node(part, change) for part in content)
    if isinstance(content, dict):
        return {key: _each_node(part, change) for key, part in content.items()}
    if isinstance(content, msgspec.Struct):
        fields = {name: getattr(content, name) for name in content.__struct_fields__}
        return type(content)(**{name: _each_node(part, change) for name, part in fields.items()})
    return content


def _without_seed(node: Node, seeds: dict[str, str]) -> Node:
    if node.seed is None or abs(node.seed) < _LARGEST:
        return node
    seeds[node.id.hex()] = str(node.seed)
    return replace(node, seed=None)


def _with_seed(node: Node, seeds: Mapping[str, str]) -> Node:
    text = seeds.get(node.id.hex())
    if text is None:
        return node
    if len(text) > 400 or not text.removeprefix("-").isdecimal():
        raise InvalidParameter("a seed is a whole number", got=text[:50])
    return replace(node, seed=int(text))
