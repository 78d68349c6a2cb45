"""The whole layout: points with their places, lines with their bends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from clew.api.layout import layers, order, place
from clew.api.layout.layers import Pair

COLUMN_GAP = 64.0
ROW_GAP = 14.0
_FLAT = 0.75
TALLEST = 60
"""A column of more points than this is folded into several beside each other."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands, in pixels from the upper left.

    Parameters
    ----------
    layer : tuple of int
        Column of each point.
    x, y : tuple of float
        Centre of each point.
    lines : tuple of tuple of float
        For each edge x, y, x, y ..., from the right side of its source to the left of its target.
    """

    layer: tuple[int, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    lines: tuple[tuple[float, ...], ...]
    width: float
    height: float


def layout(size: Sequence[tuple[float, float]], edges: Sequence[Pair]) -> Layout:
    """Return the layout of a graph.

    Parameters
    ----------
    size : sequence of (float, float)
        Width and height of each point.
    edges : sequence of (int, int)
        Source and target, as positions in `size`.
    """
    count = len(size)
    if not count:
        return Layout((), (), (), (), 0.0, 0.0)
    turned = layers.forward(count, edges)
    column = layers.layers(count, turned)
    graph = order.columns(column, turned)
    order.arrange(graph)
    folds = _folds(graph, count)
    bends = len(graph.before) - count
    high = [one[1] for one in size] + [0.0] * bends
    y = place.heights(graph, high, ROW_GAP) if folds is None else _folded(graph, high, folds)
    x, width = _across(graph, [one[0] for one in size], folds)
    top = min(at - tall / 2 for at, tall in zip(y, high, strict=True))
    y = [at - top for at in y]
    lines = tuple(_line(edge, graph, x, y, size) for edge in edges)
    height = max(at + tall / 2 for at, tall in zip(y, high, strict=True))
    return Layout(tuple(column), tuple(x[:count]), tuple(y[:count]), lines, width, height)


def _folds(graph: order.Columns, count: int) -> list[int] | None:
    """Return into how many each column is folded; None where none is."""
    real = [sum(point < count for point in points) for points in graph.columns]
    if max(real) <= TALLEST:
        return None
    # As many rows as make the widest column about square, and never fewer than the limit.
    rows = max(TALLEST, int((max(real) * 4) ** 0.5))
    return [max(1, -(-number // rows)) for number in real]


def _folded(graph: order.Columns, high: Sequence[float], folds: Sequence[int]) -> list[float]:
    """Place the rows of folded columns one below the other, around a common middle."""
    at = [0.0] * len(graph.before)
    for points, fold in zip(graph.columns, folds, strict=True):
        rows = [points[start : start + fold] for start in range(0, len(points), fold)]
        down = 0.0
        for row in rows:
            tall = max(high[point] for point in row)
            for point in row:
                at[point] = down + tall / 2
            down += tall + (ROW_GAP if tall else ROW_GAP / 2)
        for point in points:
            at[point] -= down / 2
    return at


def _across(
    graph: order.Columns, wide: Sequence[float], folds: Sequence[int] | None
) -> tuple[list[float], float]:
    x = [0.0] * len(graph.before)
    left = 0.0
    for index, points in enumerate(graph.columns):
        widest = max((wide[point] for point in points if point < len(wide)), default=0.0)
        fold = folds[index] if folds is not None else 1
        step = widest + COLUMN_GAP / 2
        for position, point in enumerate(points):
            x[point] = left + widest / 2 + (position % fold) * step
        left += widest + (fold - 1) * step + COLUMN_GAP
    return x, left - COLUMN_GAP


def _line(
    edge: Pair,
    graph: order.Columns,
    x: Sequence[float],
    y: Sequence[float],
    size: Sequence[tuple[float, float]],
) -> tuple[float, ...]:
    source, target = edge
    if source == target:
        return ()
    way = graph.ways.get(edge)
    if way is None:
        way = tuple(reversed(graph.ways[target, source]))
    right = x[source] <= x[target]
    begin = x[source] + (size[source][0] / 2 if right else -size[source][0] / 2)
    end = x[target] - (size[target][0] / 2 if right else -size[target][0] / 2)
    corners = [(begin, y[source]), *((x[bend], y[bend]) for bend in way[1:-1]), (end, y[target])]
    kept = corners[:1]
    for corner, following in pairwise(corners[1:]):
        if not _straight(kept[-1], corner, following):
            kept.append(corner)
    return tuple(round(part, 1) for corner in (*kept, corners[-1]) for part in corner)


def _straight(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Tell whether a line through three points may leave out the middle one."""
    if c[0] == a[0]:
        return False
    return abs(a[1] + (c[1] - a[1]) * (b[0] - a[0]) / (c[0] - a[0]) - b[1]) < _FLAT
