"""How entries lie in a segment: length, check sum, MessagePack; a torn end is told from damage.

Every frame is written by one ``write``: a killed process leaves whole frames, and at most one torn
frame at the end of its own segment.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from clew.errors import InvalidParameter

HEAD = struct.Struct("<II")
_MOST_BYTES = 1 << 30


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """How a deployment came to the answers of a batch.

    Parameters
    ----------
    deployment : str
        Its name.
    policy : str
        Who decided: the policy's name, ``canary``, or ``asked`` where the client named the version.
    arms : tuple of str
        Which arms (``adult/7``) were asked.
    chances : dict of str to float
        With which probability each arm would have been chosen.
    confidence : list of float
        In each row's answer, from 0 to 1.
    contexts : list of dict
        For each row, the fields that the policy looked at; empty where it looks at none.
    votes : dict of str to list
        What each arm answered, where several were asked.
    late : tuple of str
        Arms that had not answered at the deadline.
    latency_s : float
        From the request's reading to its answer, waiting included.
    note : str
        Why another arm answered than the one that was chosen; "" otherwise.
    """

    deployment: str
    policy: str
    arms: tuple[str, ...]
    chances: dict[str, float]
    confidence: list[float]
    contexts: list[dict[str, object]]
    votes: dict[str, list[object]]
    late: tuple[str, ...]
    latency_s: float
    note: str = ""


class Batch(msgspec.Struct, frozen=True, tag="p", array_like=True):
    """Rows that were answered together.

    Parameters
    ----------
    time_ms : int
        When the answer was ready.
    first : bytes
        The ULID of the first row (16 bytes); the others follow one by one.
    model, version, content : str
        Name and version of the model, and its content id.
    columns : tuple of str
        Names of the rows' values.
    rows : list of tuple
        What was asked.
    labels : list
        What was answered.
    probabilities : list or None
        Of each class, where the model has them.
    seconds : float
        How long the batch ran.
    """

    time_ms: int
    first: bytes
    model: str
    version: str
    content: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    labels: list[object]
    probabilities: list[list[float]] | None
    seconds: float
    decision: Decision | None = None


class Shadowed(msgspec.Struct, frozen=True, tag="s", array_like=True):
    """What an arm in the shadow answered to the rows of a batch; nobody was told.

    Parameters
    ----------
    first : bytes
        The ULID of the first of the predictions that were given instead.
    arm : str
        Who answered, as in `Decision`.
    error : str
        Why it did not answer; "" when it did.
    """

    time_ms: int
    first: bytes
    deployment: str
    arm: str
    content: str
    labels: list[object]
    probabilities: list[list[float]] | None
    seconds: float
    error: str = ""


class Observed(msgspec.Struct, frozen=True, array_like=True):
    """What feedback means for the arms of a deployment.

    Parameters
    ----------
    arms : tuple of str
        Arms that had been asked.
    rewards : dict of str to float
        Of each arm that had answered, in the shadow too.
    """

    deployment: str
    arms: tuple[str, ...]
    chances: dict[str, float]
    rewards: dict[str, float]
    context: dict[str, object]


class Said(msgspec.Struct, frozen=True, tag="f", array_like=True):
    """Feedback to a prediction.

    Parameters
    ----------
    prediction : str
        The prediction's ULID.
    truth : object
        The label or number that turned out to be right; None where only a reward is known.
    reward : float or None
        How good the answer was, from 0 to 1.
    observed : Observed or None
        What a policy learns from it; None outside deployments, or where no reward is known.
    """

    time_ms: int
    id: str
    prediction: str
    truth: object
    reward: float | None
    note: str = ""
    observed: Observed | None = None


Entry = Batch | Said | Shadowed

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def framed(entry: Entry) -> bytes:
    """Return an entry as it is written.

    Raises
    ------
    InvalidParameter
        When it has a whole number beyond 64 bits.
    """
    try:
        body = _encode(entry)
    except OverflowError:
        raise InvalidParameter(
            "a whole number beyond 64 bits cannot be kept", expected="-2**63 to 2**64 - 1"
        ) from None
    return HEAD.pack(len(body), zlib.crc32(body)) + body


def decoded(frame: bytes | memoryview) -> Entry | None:
    """Return the entry at the beginning of some bytes; None when it is torn or damaged."""
    if len(frame) < HEAD.size:
        return None
    length, check = HEAD.unpack_from(frame)
    body = frame[HEAD.size : HEAD.size + length]
    if length > _MOST_BYTES or len(body) != length or zlib.crc32(body) != check:
        return None
    entry: Entry = _decode(body)
    return entry


def entries(path: Path, start: int = 0) -> Iterator[Entry]:
    """Yield the whole entries of a segment; a torn or damaged one ends it."""
    for entry, _ in following(path, start):
        yield entry


def following(path: Path, start: int) -> Iterator[tuple[Entry, int]]:
    """Yield the entries from a place in a segment on, each with the place behind it."""
    with path.open("rb") as file:
        file.seek(start)
        while len(head := file.read(HEAD.size)) == HEAD.size:
            length = HEAD.unpack(head)[0]
            body = file.read(length) if length <= _MOST_BYTES else b""
            entry = decoded(head + body)
            if entry is None:
                return
            start += HEAD.size + length
            yield entry, start
