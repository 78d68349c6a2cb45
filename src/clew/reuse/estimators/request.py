"""The key of a call: class, code, state or parameters, arguments, and the environment."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId
from clew.lineage.records import Edge, call_id
from clew.reuse.estimators.call import Call
from clew.reuse.estimators.describe import IN_PLACE, Traits, content_walk, is_data
from clew.reuse.estimators.identity import name, scalar_bytes, size_of
from clew.reuse.estimators.policies import FITS, refusal
from clew.reuse.estimators.session import Session

_HASHED_PER_S = 2.5e9
_DEAR = 0.1
_signatures: dict[Callable[..., Any], inspect.Signature] = {}


@dataclass(slots=True)
class Request:
    """A call that may be looked up.

    Parameters
    ----------
    arguments : dict
        Name to value, as the signature binds them.
    data : dict
        Name to (value, id) for the arguments that are data.
    before : dict
        The estimator's attributes when the call began.
    quick : Digest or None
        Quick digest of the state, for calls that must not change it.
    content : dict
        Encoding of each attribute when the call began, for fits.
    given : bytes
        Encoding of all arguments.
    inputs : tuple of (str, Digest)
        The edges of the call's node: the estimator's state, and each argument that is not None.
    seed : int or None
        What an unset `random_state` is set to while the call runs.
    """

    method: str
    subject: str
    traits: Traits
    arguments: dict[str, Any]
    before: dict[str, Any]
    key: NodeId
    code: CodeId
    inputs: tuple[tuple[str, Digest], ...]
    environment: Digest
    data: dict[str, tuple[Any, Digest]]
    quick: Digest | None = None
    content: dict[str, bytes] = field(default_factory=dict)
    given: bytes = b""
    seed: int | None = None

    @property
    def fits(self) -> bool:
        """Tell whether the call changes the estimator."""
        return self.method in FITS


class Refused(Unhashable):
    """A call that must be executed; the message says why."""

    def __init__(self, reason: str, traits: Traits) -> None:
        super().__init__(reason)
        self.traits = traits


def bind(
    function: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return arguments by name, defaults included: a weight is the same by position or keyword.

    Raises
    ------
    TypeError
        When they do not fit the signature; the call itself will say so.
    """
    signature = _signatures.get(function)
    if signature is None:
        signature = _signatures[function] = inspect.signature(function)
    bound = signature.bind(estimator, *args, **kwargs)
    bound.apply_defaults()
    found = dict(bound.arguments)
    found.pop(next(iter(found)))
    return found


def build(call: Call) -> Request:
    """Return the request for a call.

    Raises
    ------
    Unhashable
        When the call cannot be named soundly, or must be executed for another reason.
    """
    try:
        arguments = bind(call.function, call.estimator, call.args, call.kwargs)
    except (TypeError, ValueError) as error:
        raise Unhashable("its arguments do not fit its signature") from error
    try:
        return _named(call, arguments)
    except Unhashable:
        raise
    except Exception as error:  # a property or a copy protocol of somebody else's that fails
        raise Unhashable(f"cannot be named ({type(error).__name__})") from error


def _named(call: Call, arguments: dict[str, Any]) -> Request:
    session, estimator, method, subject = call.session, call.estimator, call.method, call.subject
    before = dict(vars(estimator))
    fits = method in FITS
    quick: Digest | None = None
    content: dict[str, bytes] = {}
    if fits:
        walk = content_walk(session.identities)
        (state, content), traits = walk.parts(estimator), walk.traits
    else:
        _ask(session, subject, arguments)
        state, quick, traits = session.states.describe(estimator, session.identities)
    why = refusal(estimator, method, traits, seeded=session.seed is not None)
    for parameter in IN_PLACE & arguments.keys():
        if arguments[parameter] is False:
            why = why or f"may work in place ({parameter}=False)"
    if why is not None:
        raise Refused(why, traits)
    data: dict[str, tuple[Any, Digest]] = {}
    inputs = [("self", state)]
    for label, value in arguments.items():
        if value is not None:  # a signature says which arguments there are: None is no edge
            inputs.append((label, _argument(session, label, value, data, traits)))
    given = name("arguments", *(part for pair in inputs[1:] for part in _flat(pair)))
    seed = _seed(session, estimator, traits, state, given) if fits else None
    environment = session.environment.id()
    code = CodeId(name("code", traits.code, _code(call.function)))
    edges = [Edge(label, ValueId(made)) for label, made in inputs]
    return Request(
        method,
        subject,
        traits,
        arguments,
        before,
        call_id(operation_of(estimator, method), code, environment, seed, edges),
        code,
        tuple(inputs),
        environment,
        data,
        quick,
        content,
        given,
        seed,
    )


def operation_of(estimator: Any, method: str) -> str:
    """Return the name of a call's operation in the graph."""
    cls = type(estimator)
    return f"{cls.__module__}:{cls.__qualname__}.{method}"


def _flat(pair: tuple[str, bytes]) -> tuple[bytes, bytes]:
    return pair[0].encode(), pair[1]


def _argument(
    session: Session, key: str, value: Any, data: dict[str, tuple[Any, Digest]], traits: Traits
) -> Digest:
    scalar = scalar_bytes(value)
    if scalar is not None:
        return name("scalar", scalar)
    if is_data(value) or isinstance(value, list | tuple):
        made = session.id_of(value)
        data[key] = (value, made)
        return made
    walk = content_walk(session.identities)
    walk.traits = traits
    return name("argument", walk.write(value))


def _seed(
    session: Session, estimator: Any, traits: Traits, state: Digest, given: bytes
) -> int | None:
    """Return the derived seed of an estimator whose `random_state` is unset, if asked for."""
    if session.seed is None or not traits.unseeded:
        return None
    if getattr(estimator, "random_state", 0) is not None:
        return None
    made = name("seed", str(session.seed).encode(), state, given)
    return int.from_bytes(made[:4], "little") % (2**31 - 1)


def _code(function: Callable[..., Any]) -> bytes:
    """Return which implementation runs: a subclass may call one of its bases by name."""
    return f"{function.__module__}:{function.__qualname__}".encode()


def _ask(session: Session, subject: str, arguments: Mapping[str, Any]) -> None:
    """Refuse to hash data anew when that costs much of what the call itself costs.

    Raises
    ------
    Unhashable
        When the call is too cheap.
    """
    per_byte = session.costs.get(subject)
    if per_byte is None:
        return
    for value in arguments.values():
        size = size_of(value) if is_data(value) else 0
        if size < 100_000:
            continue
        if size / _HASHED_PER_S > _DEAR * per_byte * size:
            known = session.known(value)
            if known is None:
                raise Unhashable("cheaper than the id of its input")
            session.vouch(value, known)
