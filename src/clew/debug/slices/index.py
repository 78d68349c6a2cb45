"""An index of the rows of a table: for each value of each column, which rows have it, as bits.

Rows that have several values at once are the conjunction of their bits, and how many they are is a
count of bits: one pass over an eighth of a byte a row. Slices and explanation tables share it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

Words = NDArray[np.uint64]
_BITS = 64
_BLOCK = 1 << 22
"""Words that are held at once while many conjunctions are counted."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a column: one predicate of a slice.

    Parameters
    ----------
    column : str
        Name of the column.
    text : str
        The value; of a number that was binned, its interval: ``[17, 25)``.
    sign : {"=", "<", ">="}
        What is true of the value, in explanation tables.
    """

    column: str
    text: str
    sign: str = "="

    def __str__(self) -> str:
        return f"{self.column}{self.sign}{self.text}"


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Rows by their values.

    Parameters
    ----------
    rows : int
        How many rows there are.
    values : tuple of Value
        Each value of each column that some row has.
    columns : array of shape (values,)
        Number of the column of each value: two values of one column exclude each other.
    bits : array of shape (values, words)
        Which rows have the value.
    codes : array of shape (rows, columns)
        The number of the value that each row has in each column.
    lows : tuple of str
        Of each value of a column of numbers, the least number that has it; "" of others.
    """

    rows: int
    values: tuple[Value, ...]
    columns: NDArray[np.int64]
    bits: Words
    codes: NDArray[np.int32]
    lows: tuple[str, ...]

    def ranges(self) -> tuple[tuple[Value, ...], NDArray[np.int64], Words]:
        """Return all values, and of numbers what is below each bound, and what is not.

        Returns
        -------
        values, columns, bits
            As of the index, with the ranges besides.
        """
        values, columns, bits = list(self.values), list(self.columns), [self.bits]
        for column in np.unique(self.columns):
            mine = [at for at in np.flatnonzero(self.columns == column) if self.lows[at]]
            for cut in range(1, len(mine)):
                low, name = self.lows[mine[cut]], self.values[mine[0]].column
                for sign, part in (("<", mine[:cut]), (">=", mine[cut:])):
                    if len(part) > 1:
                        values.append(Value(name, low, sign))
                        columns.append(column)
                        bits.append(np.bitwise_or.reduce(self.bits[part], axis=0)[None])
        return tuple(values), np.array(columns), np.concatenate(bits)

    def conjunctions(self, sets: NDArray[np.int64]) -> Words:
        """Return the rows that have all values of each set, of shape (sets, words)."""
        found = self.bits[sets[:, 0]].copy()
        for at in range(1, sets.shape[1]):
            found &= self.bits[sets[:, at]]
        return found

    def blocks(self, count: int) -> Sequence[slice]:
        """Return parts of so many sets whose bits fit into memory together."""
        size = max(1, _BLOCK // max(1, self.bits.shape[1]))
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def packed(mask: NDArray[np.bool_]) -> Words:
    """Return truth values of shape (..., rows) as words of shape (..., words)."""
    bytes_ = np.packbits(mask, axis=-1, bitorder="little")
    missing = -bytes_.shape[-1] % (_BITS // 8)
    padded = np.pad(bytes_, [(0, 0)] * (bytes_.ndim - 1) + [(0, missing)])
    return np.ascontiguousarray(padded).view(np.uint64)


def unpacked(words: Words, rows: int) -> NDArray[np.bool_]:
    """Return words of shape (..., words) as truth values of shape (..., rows)."""
    bytes_ = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(bytes_, axis=-1, count=rows, bitorder="little").astype(bool)


def counts(words: Words) -> NDArray[np.int64]:
    """Return how many rows are in each of shape (..., words)."""
    found: NDArray[np.int64] = np.bitwise_count(words).sum(axis=-1, dtype=np.int64)
    return found


def index(
    table: Any, *, bins: int = 10, columns: Sequence[str] | None = None, most: int = 64
) -> Index:
    """Return the index of a table.

    Parameters
    ----------
    table : mapping of str to array, or a frame
        Columns by name. Numbers with more than `bins` different values are cut into that many
        intervals with about as many rows each; a missing value is a value of its own.
    columns : sequence of str, optional
        Only these.
    most : int
        Of a column of texts, so many of the most frequent values are told apart; the others are
        one.

    Raises
    ------
    InvalidParameter
        When columns differ in length, or there are none.
    """
    names = list(columns) if columns is not None else [str(name) for name in table]
    found = [_codes(np.asarray(table[name]), bins, most) for name in names]
    lengths = {name: len(one[0]) for name, one in zip(names, found, strict=True)}
    if len(set(lengths.values())) != 1 or not next(iter(lengths.values())):
        raise InvalidParameter(
            "columns have the same number of rows, one at least", got=str(lengths)
        )
    codes, texts, lows = zip(*found, strict=True)
    return coded(np.column_stack(codes), names, texts, lows)


def coded(
    codes: NDArray[Any],
    names: Sequence[str],
    texts: Sequence[Sequence[str]] | None = None,
    lows: Sequence[Sequence[str]] | None = None,
) -> Index:
    """Return the index of columns that are numbered already.

    Parameters
    ----------
    codes : array of shape (rows, columns)
        Whole numbers from 0.
    texts : sequence of sequence of str, optional
        What the numbers of each column mean; by default they are shown as they are.
    lows : sequence of sequence of str, optional
        Of each column whose numbers are in an order, the bound below each; none for others.

    Raises
    ------
    InvalidParameter
        When they are no whole numbers from 0.
    """
    if codes.ndim != 2 or codes.dtype.kind not in "iu" or codes.min(initial=0) < 0:
        raise InvalidParameter("codes are whole numbers from 0", got=f"{codes.dtype} {codes.shape}")
    values: list[Value] = []
    owners: list[int] = []
    bits: list[Words] = []
    bounds: list[str] = []
    numbered = np.empty(codes.shape, dtype=np.int32, order="F")
    for number, name in enumerate(names):
        column = np.ascontiguousarray(codes[:, number])
        there = np.flatnonzero(np.bincount(column))
        place = np.zeros(int(there[-1]) + 1, dtype=np.int32)
        place[there] = len(values) + np.arange(len(there))
        numbered[:, number] = place[column]
        bits.append(packed(column == there[:, None]))
        shown = None if texts is None else texts[number]
        values += [Value(name, str(at) if shown is None else shown[at]) for at in there.tolist()]
        below = None if lows is None else lows[number]
        bounds += [below[at] if below else "" for at in there.tolist()]
        owners += [number] * len(there)
    all_bits = np.concatenate(bits)
    return Index(len(codes), tuple(values), np.array(owners), all_bits, numbered, tuple(bounds))


def _codes(
    values: NDArray[Any], bins: int, most: int
) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return a column as numbers of values, the values' texts, and of numbers the bounds below."""
    if values.dtype.kind in "fiu":
        return _numbers(values.astype(float), bins, whole=values.dtype.kind != "f")
    missing = np.array([one is None or one != one for one in values.tolist()], dtype=bool)
    shown = np.array([str(one) for one in values.tolist()], dtype=object)
    shown[missing] = "(missing)"
    texts, codes, sizes = np.unique(shown, return_inverse=True, return_counts=True)
    if len(texts) <= most:
        return codes, [str(text) for text in texts], []
    order = np.argsort(-sizes, kind="stable")
    place = np.empty(len(texts), dtype=np.int64)
    place[order] = np.minimum(np.arange(len(texts)), most)
    return place[codes], [*(str(texts[at]) for at in order[:most]), "(other)"], []


def _numbers(
    values: NDArray[np.float64], bins: int, *, whole: bool
) -> tuple[NDArray[np.int64], list[str], list[str]]:
    missing = np.isnan(values)
    known = values[~missing]
    different, sizes = np.unique(known, return_counts=True)
    if len(different) <= bins:
        codes = np.searchsorted(different, values)
        texts = [_shown(value, whole) for value in different]
        lows = list(texts)
    else:
        edges = _edges(different, sizes, bins)
        codes = np.searchsorted(edges, values, side="right")
        shown = [_shown(end, whole) for end in (different[0], *edges, different[-1])]
        texts = [f"[{low}, {high})" for low, high in pairwise(shown)]
        texts[-1] = texts[-1][:-1] + "]"
        within = np.bincount(np.searchsorted(edges, different, side="right"), minlength=len(texts))
        texts = [
            low if alone else text
            for text, low, alone in zip(texts, shown, within == 1, strict=False)
        ]
        lows = shown[:-1]
    codes = np.where(missing, len(texts), codes)
    return codes.astype(np.int64), [*texts, "(missing)"], [*lows, ""]


def _edges(
    different: NDArray[np.float64], sizes: NDArray[np.int64], bins: int
) -> NDArray[np.float64]:
    """Return where bins begin, the first one left out.

    Bins hold about as many rows each; a number that would fill one alone has its own, and does not
    count for the others: of a column that is nearly always 0, the rest is told apart.
    """
    heavy = sizes * bins > sizes.sum()
    light = np.where(heavy, 0, sizes)
    parts = max(1, bins - int(heavy.sum()))
    rank = np.minimum(np.cumsum(light) * parts / max(1, light.sum()), parts) - 1e-9
    part = np.floor(rank).astype(np.int64)
    starts = np.concatenate([[False], (np.diff(part) > 0) | (np.diff(heavy.astype(int)) != 0)])
    starts[1:] |= heavy[1:] & heavy[:-1]
    found: NDArray[np.float64] = different[starts]
    return found


def _shown(value: float, whole: bool) -> str:
    if math.isfinite(value) and (whole or value == round(value)) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}"
