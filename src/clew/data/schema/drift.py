"""Whether two tables are distributed alike, column by column and in pairs.

Two versions of a dataset, last month and this one, training and serving: what changed is told when
it is both more than chance and large enough to matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.anomaly import Anomaly
from clew.data.schema.cells import MOST_VALUES, Cells, cells_of
from clew.data.schema.chance import differ, divergence, largest_difference
from clew.data.tables import columns_of
from clew.errors import InvalidParameter

_BINS, _FEW_VALUES = 10, 20
_COARSE, _MOST_PAIRED = 5, 40

Codes = NDArray[np.int64]


def drift(
    before: Any,
    now: Any,
    *,
    alpha: float = 1e-3,
    largest: float = 0.05,
    divergent: float = 0.01,
    without: Collection[str] = (),
) -> tuple[Anomaly, ...]:
    """Return the columns that are distributed otherwise than before, and the pairs of them.

    Categories are compared by the largest difference of a share (L∞), numbers by the divergence of
    Jensen and Shannon over tenths of the earlier rows, as TensorFlow Data Validation does; a
    difference counts when χ² does not explain it by chance, too. A pair of columns that are each
    as before, and no longer go together as before, is told of as well: a column that was shuffled
    or joined to the wrong rows.

    Parameters
    ----------
    before, now : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
        Columns that only one of them has are left out: `validate` tells of them. So are keys, dates
        and free texts, which are other ones on another day.
    alpha : float
        The probability that anything is told of tables that are drawn alike.
    largest : float
        The smallest L∞ distance that is told of, 0 to 1.
    divergent : float
        The smallest divergence that is told of, in bits, 0 to 1.
    without : collection of str
        Columns that are not compared.

    Raises
    ------
    InvalidParameter
        When `alpha` is no probability, or a table has no rows.
    """
    if not 0 < alpha < 1:
        raise InvalidParameter("alpha is a probability", got=str(alpha))
    left, right = columns_of(before), columns_of(now)
    names = [name for name in left.names if name in right.names and name not in without]
    paired = names if len(names) <= _MOST_PAIRED else []
    limit = alpha / max(len(names) + len(paired) * (len(paired) - 1) // 2, 1)
    found: list[Anomaly] = []
    coarse: dict[str, tuple[Codes, Codes]] = {}
    for name in names:
        sides = cells_of(left.read(name)), cells_of(right.read(name))
        if not len(sides[0]) or not len(sides[1]):
            raise InvalidParameter("two tables with rows are compared", got="a table without any")
        if not _comparable(*sides):
            continue
        a, b, said = _cells(*sides)
        counts = _counted(a, b)
        if _changed(name, sides[0], counts, said, limit, largest, divergent, found):
            continue
        if paired and len(counts[0]) > 1:
            coarse[name] = _merged(a, b, counts)
    found += _pairs(coarse, limit, divergent)
    return tuple(found)


def _comparable(left: Cells, right: Cells) -> bool:
    """Tell whether both hold numbers, or both categories, that do not change by themselves.

    Keys, dates and free texts of another day are other ones.
    """
    if left.is_key or left.kind in ("bytes", "other", "date", "time"):
        return False
    if _order(left) != _order(right):
        return False
    return left.is_number or left.kind == "bool" or left.is_closed


def _order(cells: Cells) -> str:
    return "number" if cells.kind in ("int", "float") else cells.kind


def _changed(
    name: str,
    cells: Cells,
    counts: tuple[Codes, Codes],
    said: list[str],
    limit: float,
    largest: float,
    divergent: float,
    found: list[Anomaly],
) -> bool:
    p_value = differ(*counts)
    if p_value > limit:
        return False
    shares = counts[0] / counts[0].sum(), counts[1] / counts[1].sum()
    at = int(np.abs(shares[1] - shares[0]).argmax())
    if cells.is_number:
        kind, size, bar = "JENSEN_SHANNON_DIVERGENCE", divergence(*counts), divergent
        measure = f"divergence {size:.3f} bits"
    else:
        kind, size, bar = "L_INFTY", largest_difference(*counts), largest
        measure = f"L∞ {size:.3f}"
    if size >= bar:
        found.append(
            Anomaly(
                f"COMPARATOR_{kind}_HIGH",
                name,
                f"the distribution changed: {measure}",
                f"{said[at]} in {shares[1][at]:.1%} of the rows",
                f"in {shares[0][at]:.1%}",
                count=int(counts[1].sum()),
                p_value=p_value,
            )
        )
    return True


def _cells(left: Cells, right: Cells) -> tuple[Codes, Codes, list[str]]:
    """Return the cell that each row falls in, on both sides, and what each cell means."""
    if left.is_number:
        numbers = np.sort(left.numbers[left.known])
        distinct = numbers[np.concatenate([[True], numbers[1:] != numbers[:-1]])]
        if len(distinct) > _FEW_VALUES:
            edges = np.unique(np.quantile(numbers, np.arange(1, _BINS) / _BINS, method="lower"))
            said = [f"up to {left.told(edges[0])}"]
            pairs = itertools.pairwise(edges)
            said += [f"over {left.told(a)} to {left.told(b)}" for a, b in pairs]
            said += [f"over {left.told(edges[-1])}", "no value"]
            return _binned(left, edges), _binned(right, edges), said
    counts = left.counts()
    common = sorted(counts, key=lambda value: -counts[value])[:MOST_VALUES]
    places = {value: at for at, value in enumerate(common)}
    said = [repr(value) for value in common] + ["another value", "no value"]
    return _placed(left, places), _placed(right, places), said


def _binned(cells: Cells, edges: NDArray[Any]) -> Codes:
    found = np.searchsorted(edges, cells.numbers, side="left")
    return np.where(cells.known, found, len(edges) + 1).astype(np.int64)


def _placed(cells: Cells, places: dict[Any, int]) -> Codes:
    values, codes = cells.coded
    mapped = [places.get(value, len(places)) for value in values] + [len(places) + 1]
    return np.array(mapped, dtype=np.int64)[codes]


def _counted(a: Codes, b: Codes) -> tuple[Codes, Codes]:
    cells = int(max(a.max(), b.max())) + 1
    return np.bincount(a, minlength=cells), np.bincount(b, minlength=cells)


def _merged(a: Codes, b: Codes, counts: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    """Return few cells of about equal size, neighbours together."""
    upto = np.cumsum(counts[0]) / counts[0].sum()
    middle = upto - counts[0] / counts[0].sum() / 2
    coarse = np.minimum((middle * _COARSE).astype(np.int64), _COARSE - 1)
    return coarse[a], coarse[b]


def _pairs(coarse: dict[str, tuple[Codes, Codes]], limit: float, divergent: float) -> list[Anomaly]:
    found = []
    for one, other in itertools.combinations(coarse, 2):
        sides = [coarse[one][side] * _COARSE + coarse[other][side] for side in (0, 1)]
        counts = _counted(sides[0], sides[1])
        size, p_value = divergence(*counts), differ(*counts)
        if size >= divergent and p_value <= limit:
            found.append(
                Anomaly(
                    "COMPARATOR_ASSOCIATION_HIGH",
                    f"{one}, {other}",
                    "the columns no longer go together as before",
                    f"divergence {size:.3f} bits",
                    f"less than {divergent}",
                    "was one of them shuffled, or joined to other rows?",
                    int(counts[1].sum()),
                    p_value=p_value,
                )
            )
    return found
