"""Heights: each point as near to its neighbours as its column's order allows."""

from __future__ import annotations

from collections.abc import Sequence

from clew.api.layout.order import Columns

SWEEPS = 6


def heights(graph: Columns, size: Sequence[float], gap: float) -> list[float]:
    """Return the centre of every point.

    Each sweep asks every point to stand at the mean of its neighbours in the column just placed,
    and moves a column's points as little as possible (in squares) so that they keep their order
    and `gap`.

    Parameters
    ----------
    size : sequence of float
        Height of every point, those of no size too.
    gap : float
        Least space between two points of a column.
    """
    at = [0.0] * len(graph.before)
    needed = [_needed(points, size, gap) for points in graph.columns]
    for points, offsets in zip(graph.columns, needed, strict=True):
        middle = (offsets[-1] / 2) if offsets else 0.0
        for point, offset in zip(points, offsets, strict=True):
            at[point] = offset - middle
    count = len(graph.columns)
    for sweep in range(SWEEPS):
        indices = range(count) if sweep % 2 == 0 else range(count - 1, -1, -1)
        near = graph.before if sweep % 2 == 0 else graph.after
        both = sweep >= SWEEPS - 2
        for index in indices:
            points, offsets = graph.columns[index], needed[index]
            wanted = []
            for point in points:
                others = graph.before[point] + graph.after[point] if both else near[point]
                if others:
                    wanted.append(sum([at[other] for other in others]) / len(others))
                else:
                    wanted.append(at[point])
            if len(points) == 1:
                at[points[0]] = wanted[0]
                continue
            fitted = nearest([w - o for w, o in zip(wanted, offsets, strict=True)])
            for point, value, offset in zip(points, fitted, offsets, strict=True):
                at[point] = value + offset
    return at


def nearest(wanted: Sequence[float]) -> list[float]:
    """Return the non-decreasing numbers that are nearest to `wanted` in squares.

    Pool adjacent violators (Ayer et al. 1955).

    Examples
    --------
    >>> nearest([1.0, 3.0, 2.0, 5.0])
    [1.0, 2.5, 2.5, 5.0]
    """
    sums: list[float] = []
    counts: list[int] = []
    for value in wanted:
        total, count = value, 1
        while sums and sums[-1] * count > total * counts[-1]:
            total += sums.pop()
            count += counts.pop()
        sums.append(total)
        counts.append(count)
    found: list[float] = []
    for total, count in zip(sums, counts, strict=True):
        found += [total / count] * count
    return found


def _needed(points: Sequence[int], size: Sequence[float], gap: float) -> list[float]:
    """Return how far below the first point's centre each one must stand at least."""
    offsets: list[float] = []
    down = 0.0
    for index, point in enumerate(points):
        if index:
            # Lines may run closer to each other than boxes.
            space = gap if size[point] and size[points[index - 1]] else gap / 2
            down += (size[points[index - 1]] + size[point]) / 2 + space
        offsets.append(down)
    return offsets
