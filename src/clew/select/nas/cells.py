"""Cells as labelled graphs, up to isomorphism: the space of NAS-Bench-101.

A cell has an input, up to five operations and an output; an edge is a tensor that flows. Two cells
are the same when some renaming of the operations' vertices makes them equal. Source: Ying et al.,
"NAS-Bench-101", ICML 2019, sections 2.1 and 2.2.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
MOST_VERTICES, MOST_EDGES = 7, 9
_CHUNK = 1 << 16

Matrix = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its adjacency matrix and the operations of its inner vertices.

    Parameters
    ----------
    matrix : tuple of tuple of int
        Upper triangular; vertex 0 is the input, the last one the output.
    operations : tuple of str
        One for each vertex but the first and the last.
    """

    matrix: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        size = len(self.matrix)
        square = all(len(row) == size for row in self.matrix)
        if not square or size < 2 or len(self.operations) != size - 2:
            raise InvalidParameter(
                "This is no cell.",
                got=f"{size} rows, {len(self.operations)} operations",
                expected="a square matrix and an operation for each inner vertex",
            )
        if any(self.matrix[i][j] for i in range(size) for j in range(i + 1)):
            raise InvalidParameter("The edges of a cell go forward.", expected="upper triangular")

    def pruned(self) -> Cell | None:
        """Return the cell without vertices that lie on no path, or None where nothing flows."""
        size = len(self.matrix)
        ahead = _reached(self.matrix, 0, forward=True)
        behind = _reached(self.matrix, size - 1, forward=False)
        kept = sorted(ahead & behind)
        if 0 not in kept or size - 1 not in kept:
            return None
        matrix = tuple(tuple(self.matrix[i][j] for j in kept) for i in kept)
        return Cell(matrix, tuple(self.operations[i - 1] for i in kept[1:-1]))

    @property
    def edges(self) -> int:
        """How many edges it has."""
        return sum(map(sum, self.matrix))

    def valid(self) -> bool:
        """Tell whether it is a cell of NAS-Bench-101 after pruning."""
        kept = self.pruned()
        return kept is not None and len(kept.matrix) <= MOST_VERTICES and kept.edges <= MOST_EDGES

    def content(self) -> str:
        """Return a name that exactly the isomorphic cells share (after pruning).

        Raises
        ------
        InvalidParameter
            When nothing flows from the input to the output.
        """
        kept = self.pruned()
        if kept is None:
            raise InvalidParameter("No path leads from the input to the output.")
        inner = len(kept.operations)
        best = min(_renamed(kept, order) for order in itertools.permutations(range(1, inner + 1)))
        return hashlib.blake2b(repr(best).encode(), digest_size=16).hexdigest()


def enumerate_cells(
    vertices: int = MOST_VERTICES, edges: int = MOST_EDGES, operations: Sequence[str] = OPERATIONS
) -> Iterator[Cell]:
    """Yield one cell of each class of isomorphic ones, the small ones first.

    NAS-Bench-101 has 423,624: at most 7 vertices, 9 edges, 3 operations.
    """
    for size in range(2, vertices + 1):
        for code, group in _graphs(size, edges):
            directed = _matrix_of(code, size)
            # The smallest code need not be upper triangular: vertices take an order of the flow.
            order = _order(directed)
            matrix = tuple(tuple(directed[i][j] for j in order) for i in order)
            for labels in _labellings(group, len(operations)):
                yield Cell(matrix, tuple(operations[labels[i - 1]] for i in order[1:-1]))


def count_cells(
    vertices: int = MOST_VERTICES, edges: int = MOST_EDGES, operations: int = len(OPERATIONS)
) -> int:
    """Return how many classes of cells there are, without listing them (Burnside's lemma)."""
    total = 0
    for size in range(2, vertices + 1):
        for _, group in _graphs(size, edges):
            total += sum(operations ** _cycles(order) for order in group) // len(group)
    return total


def _graphs(size: int, most_edges: int) -> Iterator[tuple[int, list[tuple[int, ...]]]]:
    """Yield graphs up to renaming, as codes, each with the renamings that leave it as it is."""
    pairs = list(itertools.combinations(range(size), 2))
    inner = size - 2
    found: set[int] = set()
    for start in range(0, 1 << len(pairs), _CHUNK):
        bits = np.arange(start, min(start + _CHUNK, 1 << len(pairs)))
        edges = (bits[:, None] >> np.arange(len(pairs))) & 1
        edges = edges[(edges.sum(axis=1) <= most_edges) & _whole(edges, pairs, size)]
        if len(edges):
            found.update(_canonical(edges, pairs, size).tolist())
    orders = list(itertools.permutations(range(inner)))
    for code in sorted(found):
        matrix = np.array(_matrix_of(code, size))
        group = [o for o in orders if (_moved(matrix, o) == matrix).all()]
        yield code, group


def _whole(edges: NDArray[np.int64], pairs: list[tuple[int, int]], size: int) -> NDArray[np.bool_]:
    """Tell in which graphs each vertex but the first is reached, and each but the last left."""
    into = np.zeros((len(edges), size), dtype=np.int64)
    out = np.zeros_like(into)
    for column, (i, j) in enumerate(pairs):
        out[:, i] += edges[:, column]
        into[:, j] += edges[:, column]
    reached: NDArray[np.bool_] = np.all(into[:, 1:] > 0, axis=1)
    left: NDArray[np.bool_] = np.all(out[:, :-1] > 0, axis=1)
    return reached & left


def _canonical(
    edges: NDArray[np.int64], pairs: list[tuple[int, int]], size: int
) -> NDArray[np.int64]:
    """Return for each graph the smallest code of its renamings, over all directed edges."""
    best: NDArray[np.int64] | None = None
    for order in itertools.permutations(range(1, size - 1)):
        place = (0, *order, size - 1)
        weights = np.array([1 << (place[i] * size + place[j]) for i, j in pairs], dtype=np.int64)
        code = edges @ weights
        best = code if best is None else np.minimum(best, code)
    assert best is not None
    return np.unique(best)


def _matrix_of(code: int, size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(code >> (i * size + j) & 1 for j in range(size)) for i in range(size))


def _order(matrix: Sequence[Sequence[int]]) -> list[int]:
    left, order = set(range(len(matrix))), []
    while left:
        free = min(i for i in left if not any(matrix[j][i] for j in left))
        order.append(free)
        left.discard(free)
    return order


def _labellings(group: list[tuple[int, ...]], operations: int) -> Iterator[tuple[int, ...]]:
    """Yield the labellings of inner vertices that are the smallest under the renamings."""
    inner = len(group[0])
    for labels in itertools.product(range(operations), repeat=inner):
        if all(tuple(labels[i] for i in order) >= labels for order in group):
            yield labels


@cache
def _cycles(order: tuple[int, ...]) -> int:
    seen: set[int] = set()
    count = 0
    for start in range(len(order)):
        if start not in seen:
            count += 1
            at = start
            while at not in seen:
                seen.add(at)
                at = order[at]
    return count


def _moved(matrix: NDArray[np.int64], order: tuple[int, ...]) -> NDArray[np.int64]:
    place = [0, *(i + 1 for i in order), len(matrix) - 1]
    return matrix[np.ix_(place, place)]


def _renamed(cell: Cell, order: Sequence[int]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    place = [0, *order, len(cell.matrix) - 1]
    flat = tuple(cell.matrix[i][j] for i in place for j in place)
    return flat, tuple(cell.operations[i - 1] for i in order)


def _reached(matrix: Sequence[Sequence[int]], start: int, *, forward: bool) -> set[int]:
    found, todo = {start}, [start]
    while todo:
        at = todo.pop()
        for other in range(len(matrix)):
            edge = matrix[at][other] if forward else matrix[other][at]
            if edge and other not in found:
                found.add(other)
                todo.append(other)
    return found
