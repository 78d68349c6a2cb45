"""Layouts keep their promises for every graph."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clew.api.layout import layers
from clew.api.layout.draw import ROW_GAP, TALLEST, layout
from clew.api.layout.place import nearest


@st.composite
def graphs(draw, cycles: bool = False) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 40))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    found = draw(st.lists(pairs, max_size=80, unique=True))
    if not cycles:
        found = list({(min(p), max(p)) for p in found if p[0] != p[1]})
    return count, found


@given(graphs())
def test_arrows_lead_to_the_right_and_nothing_overlaps(graph) -> None:
    count, edges = graph
    sizes = [(100.0 + 10 * (i % 3), 20.0 + 5 * (i % 4)) for i in range(count)]
    found = layout(sizes, edges)
    for source, target in edges:
        assert found.layer[source] < found.layer[target]
        assert found.x[source] + sizes[source][0] / 2 < found.x[target] - sizes[target][0] / 2
    boxes = sorted(zip(found.layer, found.y, (s[1] for s in sizes), strict=True))
    for (layer, y, tall), (other, below, height) in pairwise(boxes):
        if layer == other:
            assert below - y >= (tall + height) / 2 + ROW_GAP - 1e-6
    assert all(y - s[1] / 2 >= -1e-6 and y + s[1] / 2 <= found.height + 1e-6
               for y, s in zip(found.y, sizes, strict=True))  # fmt: skip


@given(graphs(cycles=True))
def test_lines_join_their_points_cycles_or_not(graph) -> None:
    count, edges = graph
    found = layout([(100.0, 20.0)] * count, edges)
    assert len(found.lines) == len(edges)
    for (source, target), line in zip(edges, found.lines, strict=True):
        if source == target:
            assert line == ()
            continue
        assert len(line) % 2 == 0 and len(line) >= 4
        assert abs(line[1] - found.y[source]) < 0.1 and abs(line[-1] - found.y[target]) < 0.1
        assert abs(abs(line[0] - found.x[source]) - 50) < 0.1
        assert abs(abs(line[-2] - found.x[target]) - 50) < 0.1


@given(graphs(cycles=True))
def test_turned_edges_have_no_cycle(graph) -> None:
    count, edges = graph
    column = layers.layers(count, layers.forward(count, edges))
    assert all(column[a] < column[b] for a, b in layers.forward(count, edges))


@given(st.lists(st.floats(-1e3, 1e3), max_size=30))
def test_the_nearest_rising_numbers(wanted) -> None:
    found = nearest(wanted)
    assert all(a <= b + 1e-9 for a, b in pairwise(found))
    assert abs(sum(found) - sum(wanted)) < 1e-6 * (1 + sum(map(abs, wanted)))
    cost = sum((a - b) ** 2 for a, b in zip(found, wanted, strict=True))
    flat = sum(wanted) / len(wanted) if wanted else 0.0
    assert cost <= sum((flat - b) ** 2 for b in wanted) + 1e-6


def test_a_column_of_many_is_folded() -> None:
    count = 20 * TALLEST
    found = layout([(100.0, 20.0)] * count, [(0, i) for i in range(1, count)])
    assert len(set(zip(found.x, found.y, strict=True))) == count
    assert found.height < 4 * TALLEST * 34
    for _, target in [(0, 1), (0, count - 1)]:
        assert found.x[0] < found.x[target]


def test_a_long_thread_with_a_shared_source_stays_small() -> None:
    count = 1000
    edges = [(i - 1, i) for i in range(1, count)] + [(0, i) for i in range(2, count, 3)]
    found = layout([(100.0, 20.0)] * count, edges)
    assert max(found.layer) == count - 1
    assert sum(map(len, found.lines)) < 20 * len(edges)


def test_sources_stand_next_to_who_uses_them() -> None:
    found = layout([(10.0, 10.0)] * 4, [(0, 1), (1, 2), (3, 2)])
    assert found.layer == (0, 1, 2, 1)


def test_nothing_is_laid_out_as_nothing() -> None:
    assert layout([], []).width == 0
