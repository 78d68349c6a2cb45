"""The rows of a test set as a gate sees them: ids, what the models say, and what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A test set with the answers of the models, in the order in which labels are asked for.

    The order is that of a hash of each id, so that it depends on nothing but the ids: neither on
    the models nor on any label. Rows must have been drawn independently from what the model will
    meet; nothing here can check that.

    Parameters
    ----------
    ids : sequence of str
        One per row, each once.
    new, old : array of shape (rows,), optional
        What each model says; `old` only where a condition asks for it.
    columns : mapping of str to array of shape (rows,)
        What conditions select rows by.
    """

    ids: Sequence[str]
    new: NDArray[Any]
    old: NDArray[Any] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = [str(id) for id in self.ids]
        if len(set(ids)) != len(ids):
            seen: set[str] = set()
            twice = next(id for id in ids if id in seen or seen.add(id))  # type: ignore[func-returns-value]
            raise InvalidParameter("a row is there twice", got=repr(twice))
        order = sorted(range(len(ids)), key=lambda row: blake3(ids[row].encode()).digest())
        object.__setattr__(self, "ids", [ids[row] for row in order])
        for name in ("new", "old"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _ordered(name, given, order))
        columns = {name: _ordered(name, given, order) for name, given in self.columns.items()}
        object.__setattr__(self, "columns", columns)

    def __len__(self) -> int:
        return len(self.ids)

    def known(self, labels: Mapping[str, object]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the labels in this order as text, and which are known."""
        found = [labels.get(id) for id in self.ids]
        known = np.array([label is not None for label in found], dtype=bool)
        return np.array(
            ["" if label is None else told(label) for label in found], dtype=object
        ), known


def told(value: object) -> str:
    """Return an answer or a label as text, the same for 1, 1.0 and ``"1"``."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _ordered(name: str, given: Any, order: Sequence[int]) -> NDArray[Any]:
    values = [told(value) for value in given]
    if len(values) != len(order):
        raise InvalidParameter(
            f"{name!r} has another number of rows than there are ids",
            got=str(len(values)),
            expected=str(len(order)),
        )
    return np.array([values[row] for row in order], dtype=object)
