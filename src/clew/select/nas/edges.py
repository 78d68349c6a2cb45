"""Cells with an operation on each edge: the space of NAS-Bench-201.

Four vertices, an operation on each of the six edges between them; ``none`` is no edge, and
``skip_connect`` hands a tensor on. 15,625 cells. Source: Dong & Yang, "NAS-Bench-201", ICLR 2020,
section 2.1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter
from clew.select.domains import choice
from clew.select.searchspace import SearchSpace

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ("e01", "e02", "e12", "e03", "e13", "e23")
"""From vertex to vertex, in the order in which the benchmark writes them."""

_PATHS = (("e03",), ("e01", "e13"), ("e02", "e23"), ("e01", "e12", "e23"))
_WRITTEN = re.compile(r"([a-z_]+(?:_\dx\d)?)~\d")

Cell = Mapping[str, Any]


def edge_cells() -> SearchSpace:
    """Return the space: a choice of operation for each of the six edges."""
    return SearchSpace({edge: choice(*OPERATIONS) for edge in EDGES})


def written(cell: Cell) -> str:
    """Return a cell as the benchmark writes it: ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``."""
    named = [cell[edge] for edge in EDGES]
    groups = (named[:1], named[1:3], named[3:])
    return "+".join("".join(f"|{op}~{i}" for i, op in enumerate(g)) + "|" for g in groups)


def read(text: str) -> dict[str, str]:
    """Return the cell that `text` writes.

    Raises
    ------
    InvalidParameter
        When it writes none.
    """
    operations = _WRITTEN.findall(text)
    cell = dict(zip(EDGES, operations, strict=False))
    if len(operations) != len(EDGES) or any(op not in OPERATIONS for op in operations):
        raise InvalidParameter("This is no cell of NAS-Bench-201.", got=repr(text))
    if written(cell) != text:
        raise InvalidParameter("This is no cell of NAS-Bench-201.", got=repr(text))
    return cell


def paths(cell: Cell) -> list[tuple[str, ...]]:
    """Return what each path from the input to the output computes, in order.

    A path with ``none`` is none, and a skip computes nothing: cells with equal paths compute the
    same function.
    """
    found = ([cell[edge] for edge in path] for path in _PATHS)
    return sorted(
        tuple(op for op in operations if op != "skip_connect")
        for operations in found
        if "none" not in operations
    )


def path_counts(cell: Cell) -> NDArray[np.float64]:
    """Return how often each of the 40 possible sequences of operations is a path.

    The distance of two such vectors is one of graphs: renaming vertices leaves it at 0.
    """
    counts = np.zeros(len(_SEQUENCES))
    for path, times in Counter(paths(cell)).items():
        counts[_SEQUENCES[path]] = times
    return counts


def edge_marks(cell: Cell) -> NDArray[np.float64]:
    """Return which operation is on which edge: a 0 or 1 for each of 6 × 5."""
    return np.array([[cell[edge] == op for op in OPERATIONS] for edge in EDGES], float).ravel()


def _sequences() -> dict[tuple[str, ...], int]:
    doing = OPERATIONS[2:]
    found: list[tuple[str, ...]] = [()]
    for longest in range(3):
        found += [(*path, op) for path in found if len(path) == longest for op in doing]
    return {path: place for place, path in enumerate(found)}


_SEQUENCES = _sequences()
