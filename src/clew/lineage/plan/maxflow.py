"""Maximum flow and minimum cut with exact integer capacities.

Dinic's algorithm (1970), without recursion: distances to the sink by breadth-first search, then a
blocking flow along arcs that come one step nearer, until the sink cannot be reached.
"""

from __future__ import annotations

from collections.abc import Sequence


class FlowNetwork:
    """A directed network from `source` to `sink`.

    Parameters
    ----------
    vertices : int
        How many vertices there are besides source and sink; they are named from 0.

    Notes
    -----
    An arc and its reverse have neighbouring numbers, so that ``arc ^ 1`` is the way back.
    """

    def __init__(self, vertices: int) -> None:
        self.source = vertices
        self.sink = vertices + 1
        self._arcs: list[list[int]] = [[] for _ in range(vertices + 2)]
        self._head: list[int] = []
        self._residual: list[int] = []

    def connect(self, tail: int, head: int, capacity: int) -> None:
        """Add an arc."""
        self._arcs[tail].append(len(self._head))
        self._arcs[head].append(len(self._head) + 1)
        self._head += [head, tail]
        self._residual += [capacity, 0]

    def prime(self) -> int:
        """Send a first flow; only for networks whose inner arcs all lead to lower vertices.

        On a deep network shortest paths grow by one arc a phase, so that most phases do little.
        One sweep along the arcs, and back with what got stuck, fills most of it before the first
        phase. Returns how much was sent.
        """
        excess = [0] * len(self._arcs)
        self._push_down(excess)
        self._push_back(excess)
        return excess[self.sink]

    def saturate(self) -> int:
        """Send as much flow as possible from source to sink; return how much was added."""
        total = 0
        while True:
            distance = self._distances()
            if distance[self.source] < 0:
                return total
            total += self._block(distance)

    def source_side(self) -> list[bool]:
        """Return the smallest source side of a minimum cut, by vertex; after `saturate`.

        It is the set of vertices that the source still reaches: the same for every maximum flow,
        so it does not depend on the order in which arcs were added.
        """
        reached = [False] * len(self._arcs)
        reached[self.source] = True
        stack = [self.source]
        while stack:
            for arc in self._arcs[stack.pop()]:
                head = self._head[arc]
                if self._residual[arc] and not reached[head]:
                    reached[head] = True
                    stack.append(head)
        return reached

    def _push_down(self, excess: list[int]) -> None:
        """Send from each vertex, from the source down, what arrived and may reach the sink."""
        head, residual = self._head, self._residual
        room = self._rooms()
        excess[self.source] = room[self.source]
        for vertex in range(self.source, -1, -1):
            for arc in self._arcs[vertex]:
                # Numbers of arcs are even in their own direction, odd on the way back.
                room_left = room[head[arc]] - excess[head[arc]]
                if arc % 2 == 0 and room_left > 0:
                    self._push(arc, min(excess[vertex], residual[arc], room_left), excess)

    def _push_back(self, excess: list[int]) -> None:
        """Take back from each vertex, from the lowest up, what it could not send on."""
        for vertex in range(self.source):
            for arc in self._arcs[vertex]:
                if arc % 2 == 1 and excess[vertex]:
                    self._push(arc, min(excess[vertex], self._residual[arc]), excess)

    def _push(self, arc: int, amount: int, excess: list[int]) -> None:
        self._residual[arc] -= amount
        self._residual[arc ^ 1] += amount
        excess[self._head[arc ^ 1]] -= amount
        excess[self._head[arc]] += amount

    def _rooms(self) -> list[int]:
        """Return at most how much can flow from each vertex down to the sink."""
        head, residual = self._head, self._residual
        room = [0] * len(self._arcs)
        room[self.sink] = sum(residual[::2])
        for vertex in range(self.source + 1):
            room[vertex] = sum(
                [min(residual[a], room[head[a]]) for a in self._arcs[vertex] if a % 2 == 0]
            )
        return room

    def _distances(self) -> list[int]:
        """Return how many arcs with room lead from each vertex to the sink; -1 if none do."""
        distance = [-1] * len(self._arcs)
        distance[self.sink] = 0
        frontier = [self.sink]
        head, residual = self._head, self._residual
        while frontier and distance[self.source] < 0:
            nearer, frontier = frontier, []
            for vertex in nearer:
                for arc in self._arcs[vertex]:
                    tail = head[arc]
                    if distance[tail] < 0 and residual[arc ^ 1]:
                        distance[tail] = distance[vertex] + 1
                        frontier.append(tail)
        return distance

    def _block(self, distance: Sequence[int]) -> int:
        """Send flow along shortest paths until each of them has a full arc; return how much."""
        head, residual = self._head, self._residual
        current = [0] * len(self._arcs)
        path: list[int] = []
        vertex, total = self.source, 0
        while True:
            if vertex == self.sink:
                amount, full = self._augment(path)
                total += amount
                # Everything before the first full arc has room left: go on from there.
                vertex = head[path[full] ^ 1]
                del path[full:]
            arcs, step = self._arcs[vertex], distance[vertex] - 1
            at, count = current[vertex], len(arcs)
            while at < count and not (residual[arcs[at]] and distance[head[arcs[at]]] == step):
                at += 1
            current[vertex] = at
            if at < count:
                path.append(arcs[at])
                vertex = head[arcs[at]]
            elif path:
                vertex = head[path.pop() ^ 1]
                current[vertex] += 1
            else:
                return total

    def _augment(self, path: Sequence[int]) -> tuple[int, int]:
        """Fill a path; return the amount and where its first full arc stands."""
        residual = self._residual
        rooms = [residual[arc] for arc in path]
        amount = min(rooms)
        for arc in path:
            residual[arc] -= amount
            residual[arc ^ 1] += amount
        return amount, rooms.index(amount)
