"""Columns: every arrow leads from a column to one further right."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[int, int]


def forward(count: int, edges: Sequence[Pair]) -> list[Pair]:
    """Return the edges without loops, those of a cycle turned so that none is left.

    A lineage graph has no cycle; one that was damaged is drawn all the same.
    """
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        if source != target:
            following[source].append(target)
    position = [0] * count
    state = [0] * count
    clock = count
    for start in range(count):
        if state[start]:
            continue
        pending = [(start, 0)]
        state[start] = 1
        while pending:
            point, index = pending.pop()
            if index < len(following[point]):
                pending.append((point, index + 1))
                target = following[point][index]
                if not state[target]:
                    state[target] = 1
                    pending.append((target, 0))
            else:
                clock -= 1
                position[point] = clock
    turned = [(s, t) if position[s] < position[t] else (t, s) for s, t in edges if s != t]
    return list(dict.fromkeys(turned))


def layers(count: int, edges: Sequence[Pair]) -> list[int]:
    """Return the column of each point: the longest way from a source.

    Points that no arrow reaches move right, next to the first that uses them.
    """
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        following[source].append(target)
        waiting[target] += 1
    column = [0] * count
    ready = [point for point in range(count) if not waiting[point]]
    sources = list(ready)
    while ready:
        point = ready.pop()
        beyond = column[point] + 1
        for target in following[point]:
            column[target] = max(column[target], beyond)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for point in sources:
        if following[point]:
            column[point] = min(column[target] for target in following[point]) - 1
    return column
