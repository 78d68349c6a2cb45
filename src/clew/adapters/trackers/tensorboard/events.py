"""Scalars of event files (``tensorboard/compat/proto/{event,summary,tensor}.proto``).

TensorBoard 1 and PyTorch write a scalar as ``simple_value`` (32 bits), TensorFlow 2 as a tensor. It
is written here as a tensor of 64 bits, so that it comes back as it was.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from clew.adapters.trackers.tensorboard import frames, wire
from clew.errors import StoreError

_VERSION = b"brain.Event:2"
_FLOAT, _DOUBLE = 1, 2
_NUMBERS = {_FLOAT: (5, "<f"), _DOUBLE: (6, "<d"), 3: (7, "<i"), 9: (10, "<q")}
"""Data types that scalars have: the field of their values, and how they are packed."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One point.

    Parameters
    ----------
    time_s : float
        Seconds since the epoch.
    """

    tag: str
    value: float
    step: int
    time_s: float


def read(file: BinaryIO, name: str, others: Counter[str] | None = None) -> Iterator[Scalar]:
    """Yield the scalars of an event file in its order.

    Parameters
    ----------
    others : Counter, optional
        Counts what is there besides, by kind (``images``, ``text``, …).

    Raises
    ------
    StoreError
        When the file is damaged, or is no event file.
    """
    for number, record in enumerate(frames.records(file, name)):
        event = dict(wire.fields(record))
        if number == 0 and wire.content(event.get(3, b"")) != _VERSION:
            raise StoreError(f"{name} is no event file", expected=f"it begins with {_VERSION!r}")
        if 5 not in event:
            continue
        time_s, step = wire.real(event.get(1, bytes(8))), wire.signed(event.get(2, 0))
        for field, value in wire.fields(wire.content(event[5])):
            if field != 1:
                continue
            summary = dict(wire.fields(wire.content(value)))
            found = _value(summary)
            if found is None:
                if others is not None:
                    others[_kind(summary)] += 1
                continue
            tag = wire.content(summary.get(1, b"")).decode("utf-8", "replace")
            yield Scalar(tag, found, step, time_s)


def write(file: BinaryIO, scalars: Iterable[Scalar], *, time_s: float) -> int:
    """Write an event file, the scalars in the order given; return how many there were.

    Parameters
    ----------
    time_s : float
        When the file began, in seconds since the epoch.
    """
    file.write(frames.frame(wire.double(1, time_s) + wire.block(3, _VERSION)))
    metadata = wire.block(9, wire.block(1, wire.block(1, b"scalars")) + wire.varint(4, 1))
    described: set[str] = set()
    count = 0
    for scalar in scalars:
        tensor = wire.varint(1, _DOUBLE) + wire.block(2, b"")
        tensor += wire.block(6, struct.pack("<d", scalar.value))
        value = wire.block(1, scalar.tag.encode()) + wire.block(8, tensor)
        if scalar.tag not in described:
            described.add(scalar.tag)
            value += metadata
        event = wire.double(1, scalar.time_s) + wire.varint(2, scalar.step)
        file.write(frames.frame(event + wire.block(5, wire.block(1, value))))
        count += 1
    return count


def _value(summary: dict[int, wire.Value]) -> float | None:
    """Return the number that a summary holds, if it is one."""
    if 2 in summary:
        return wire.real(summary[2])
    if 8 not in summary or _plugin(summary) not in ("", "scalars"):
        return None
    tensor: dict[int, wire.Value] = {}
    for field, value in wire.fields(wire.content(summary[8])):
        tensor[field] = value
    kind = tensor.get(1, 0)
    if not isinstance(kind, int) or kind not in _NUMBERS:
        return None
    field, form = _NUMBERS[kind]
    packed = tensor.get(4) or tensor.get(field)
    if isinstance(packed, int):
        return float(wire.signed(packed))
    if packed is None or len(packed) != struct.calcsize(form):
        return _varints(packed) if packed and kind in (3, 9) and 4 not in tensor else None
    return float(struct.unpack(form, packed)[0])


def _varints(packed: bytes) -> float | None:
    """Return the one whole number of a packed field."""
    numbers = list(wire.fields(b"\x08" + packed))
    return float(wire.signed(numbers[0][1])) if len(numbers) == 1 else None


def _plugin(summary: dict[int, wire.Value]) -> str:
    if 9 not in summary:
        return ""
    metadata = dict(wire.fields(wire.content(summary[9])))
    plugin = dict(wire.fields(wire.content(metadata.get(1, b""))))
    return wire.content(plugin.get(1, b"")).decode("utf-8", "replace")


def _kind(summary: dict[int, wire.Value]) -> str:
    old = {3: "quantiles", 4: "images", 5: "histograms", 6: "audio"}
    return next((old[field] for field in summary if field in old), _plugin(summary) or "tensors")
