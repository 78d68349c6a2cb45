"""The space of NAS-Bench-101."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.select.nas.cells import OPERATIONS, Cell, count_cells, enumerate_cells


@pytest.mark.slow
def test_the_space_has_the_papers_number_of_cells() -> None:
    assert count_cells() == 423_624


def test_what_is_listed_is_what_brute_force_finds() -> None:
    for size, operations in ((3, 3), (4, 3), (5, 2)):
        names = OPERATIONS[:operations]
        brute = set()
        for smaller in range(2, size + 1):
            pairs = list(itertools.combinations(range(smaller), 2))
            for bits in itertools.product((0, 1), repeat=len(pairs)):
                matrix = np.zeros((smaller, smaller), dtype=int)
                for (i, j), bit in zip(pairs, bits, strict=True):
                    matrix[i, j] = bit
                for chosen in itertools.product(names, repeat=smaller - 2):
                    cell = Cell(tuple(map(tuple, matrix.tolist())), chosen)
                    if cell.valid():
                        brute.add(cell.content())
        listed = [cell.content() for cell in enumerate_cells(size, 9, names)]
        assert len(listed) == len(set(listed)) == count_cells(size, 9, operations)
        assert set(listed) == brute


@given(seed=st.integers(0, 2**32 - 1))
def test_renamed_vertices_keep_the_content_and_changed_operations_do_not(seed) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.integers(0, 2, (6, 6)), 1)
    chosen = tuple(rng.choice(OPERATIONS, 4))
    cell = Cell(tuple(map(tuple, matrix.tolist())), chosen)
    kept = cell.pruned()
    if kept is None:
        with pytest.raises(InvalidParameter):
            cell.content()
        return
    # Two neighbours without an edge between them may change places.
    size = len(kept.matrix)
    for i in range(1, size - 2):
        if not kept.matrix[i][i + 1]:
            order = list(range(size))
            order[i], order[i + 1] = order[i + 1], order[i]
            swapped = Cell(
                tuple(tuple(kept.matrix[a][b] for b in order) for a in order),
                tuple(kept.operations[a - 1] for a in order[1:-1]),
            )
            assert swapped.content() == cell.content()
    if kept.operations:
        other = next(name for name in OPERATIONS if name not in kept.operations[:1])
        changed = Cell(kept.matrix, (other, *kept.operations[1:]))
        assert sorted(changed.operations) != sorted(kept.operations)
        assert changed.content() != cell.content()


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        Cell(((0, 1), (1, 0)), ())
    with pytest.raises(InvalidParameter):
        Cell(((0, 1), (0, 0)), ("conv3x3-bn-relu",))
