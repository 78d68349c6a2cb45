"""Places within columns: neighbours near each other, so that few lines cross.

An edge that spans several columns is led through all of them by points of no size. Those of one
source are shared: a dataset that a hundred later steps read makes one line through the columns,
from which they branch. A very long edge is led out of its source's column and into its target's
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.api.layout.layers import Pair

SWEEPS = 6
_MOST_BENDS = 4
"""Points of no size for each real one, at most; the longest edges beyond that are straight."""

_LONG = 24


@dataclass(slots=True)
class Columns:
    """A graph whose edges join neighbouring columns.

    Parameters
    ----------
    columns : list of list of int
        Points of each column in their order; numbers from the real points' count on have no size.
    before, after : list of list of int
        Neighbours of each point in the column before and behind.
    ways : dict
        For each edge the points through which it is led, both ends included.
    """

    columns: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    ways: dict[Pair, tuple[int, ...]]


def columns(column: Sequence[int], edges: Sequence[Pair]) -> Columns:
    """Return the graph with its long edges led through the columns, not yet ordered."""
    count = len(column)
    listed: list[list[int]] = [[] for _ in range(max(column, default=-1) + 1)]
    for point, at in enumerate(column):
        listed[at].append(point)
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    bends: dict[Pair, int] = {}
    ways: dict[Pair, tuple[int, ...]] = {}
    room = max(_MOST_BENDS * count, 1000)

    def join(left: int, right: int) -> None:
        after[left].append(right)
        before[right].append(left)

    for source, target in sorted(edges, key=lambda edge: column[edge[1]] - column[edge[0]]):
        way = [source]
        between: Sequence[int] = range(column[source] + 1, column[target])
        if len(between) > _LONG:
            between = (between[0], between[-1])
        if len(bends) + len(between) > room:
            ways[source, target] = (source, target)
            continue
        for at in between:
            bend = bends.get((source, at))
            if bend is None:
                bend = bends[source, at] = len(before)
                before.append([])
                after.append([])
                listed[at].append(bend)
                if at == column[source] + 1 or (source, at - 1) in bends:
                    join(way[-1], bend)
            way.append(bend)
        join(way[-1], target)
        ways[source, target] = (*way, target)
    return Columns(listed, before, after, ways)


def arrange(graph: Columns) -> None:
    """Order each column by the mean place of its points' neighbours, there and back again."""
    place = [0.0] * len(graph.before)
    _start(graph, place)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        listed = graph.columns if forward else graph.columns[::-1]
        neighbours = graph.before if forward else graph.after
        for points in listed:
            if len(points) > 1:
                _sort(points, neighbours, place)
            _number(points, place)


def _start(graph: Columns, place: list[float]) -> None:
    """Begin in depth-first order from the sources, so that threads stand beside each other."""
    seen = [False] * len(graph.before)
    order: list[int] = []
    for points in graph.columns:
        for start in points:
            pending = [] if seen[start] else [start]
            while pending:
                point = pending.pop()
                if seen[point]:
                    continue
                seen[point] = True
                order.append(point)
                pending.extend(reversed(graph.after[point]))
    rank = {point: index for index, point in enumerate(order)}
    for points in graph.columns:
        points.sort(key=rank.__getitem__)
        _number(points, place)


def _sort(points: list[int], neighbours: list[list[int]], place: list[float]) -> None:
    wanted = {}
    for point in points:
        near = neighbours[point]
        wanted[point] = sum([place[other] for other in near]) / len(near) if near else place[point]
    points.sort(key=wanted.__getitem__)


def _number(points: list[int], place: list[float]) -> None:
    """Place a column's points around the middle, so that long and short columns compare."""
    shift = (len(points) - 1) / 2
    for index, point in enumerate(points):
        place[point] = index - shift
