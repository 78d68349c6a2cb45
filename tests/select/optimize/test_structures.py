"""The space of NAS-Bench-201, and Bayesian optimisation on distances between graphs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.select import optimize
from clew.select.nas.edges import (
    EDGES,
    OPERATIONS,
    edge_cells,
    edge_marks,
    path_counts,
    paths,
    read,
    written,
)
from clew.select.samplers.structures import StructureSampler, ranked

cells = st.fixed_dictionaries({edge: st.sampled_from(OPERATIONS) for edge in EDGES})


def test_the_space_has_15625_cells_of_which_some_compute_the_same() -> None:
    every = [dict(zip(EDGES, ops, strict=True)) for ops in itertools.product(OPERATIONS, repeat=6)]
    assert len(every) == 15_625 == len(list(edge_cells().grid()))
    assert len({tuple(paths(cell)) for cell in every}) == len(
        {tuple(path_counts(cell)) for cell in every}
    )


@given(cell=cells)
def test_cells_are_written_and_read_as_the_benchmark_does(cell) -> None:
    assert read(written(cell)) == cell
    assert edge_marks(cell).sum() == 6
    assert path_counts(cell).sum() == len(paths(cell)) <= 4


def test_what_is_no_cell_is_refused() -> None:
    text = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|none~1|skip_connect~2|"
    assert read(text)["e03"] == "none"
    for wrong in ("", text[:-1], text.replace("none", "nothing"), text.replace("~2", "~1")):
        with pytest.raises(InvalidParameter):
            read(wrong)


@given(cell=cells)
def test_exchanging_the_inner_vertices_keeps_the_paths(cell) -> None:
    if cell["e12"] == "none":
        swap = {"e01": "e02", "e02": "e01", "e13": "e23", "e23": "e13"}
        other = {edge: cell[swap.get(edge, edge)] for edge in EDGES}
        assert (path_counts(other) == path_counts(cell)).all()


def test_ranks_have_no_long_tail() -> None:
    scores = ranked(np.array([1.0, 2.0, 1e9, 3.0]))
    assert list(np.argsort(scores)) == [0, 1, 3, 2]
    assert abs(scores.mean()) < 1e-12
    assert abs(scores.std() - 1) < 1e-12


def depth(trial) -> float:
    """Be small for cells with many paths of convolutions."""
    return -sum(op == "nor_conv_3x3" for path in paths(trial) for op in path) + len(paths(trial))


def test_a_process_on_graphs_finds_more_than_chance_and_repeats_itself() -> None:
    def best(sampler, seed: int) -> float:
        return optimize(depth, 30, space=edge_cells(), sampler=sampler, seed=seed).best.value

    graphs = [best(StructureSampler((path_counts, edge_marks)), seed) for seed in range(4)]
    assert np.mean(graphs) < np.mean([best("random", seed) for seed in range(20)]) - 0.5
    one, two = (
        optimize(
            depth, 25, space=edge_cells(), seed=3, workers=workers,
            sampler=StructureSampler((path_counts, edge_marks)),
        )
        for workers in (1, 2)
    )  # fmt: skip
    assert [t.configuration for t in one.trials] == [t.configuration for t in two.trials]
    assert len({tuple(t.configuration.values()) for t in one.trials[8:]}) == 17
