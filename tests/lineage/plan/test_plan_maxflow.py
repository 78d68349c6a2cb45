"""The flow solver by itself: maximum flow equals minimum cut."""

from __future__ import annotations

from itertools import product
from random import Random

from clew.lineage.plan.maxflow import FlowNetwork

Arc = tuple[int, int, int]


def network_of(vertices: int, arcs: list[Arc]) -> FlowNetwork:
    network = FlowNetwork(vertices)
    for arc in arcs:
        network.connect(*arc)
    return network


def cut_size(arcs: list[Arc], side: list[bool]) -> int:
    return sum(capacity for tail, head, capacity in arcs if side[tail] and not side[head])


def random_arcs(random: Random, vertices: int) -> list[Arc]:
    count = random.randint(1, 4 * vertices)
    ends = range(vertices + 2)
    return [(*random.sample(ends, 2), random.choice([0, 1, 2, 5, 10**30])) for _ in range(count)]


def test_flow_equals_the_smallest_of_all_cuts() -> None:
    for seed in range(300):
        random = Random(seed)
        vertices = random.randint(1, 6)
        arcs = random_arcs(random, vertices)
        network = network_of(vertices, arcs)
        flow = network.saturate()
        sides = ([*side, True, False] for side in product([False, True], repeat=vertices))
        cuts = [(cut_size(arcs, side), sum(side), side) for side in sides]
        smallest = min(size for size, _, _ in cuts)
        assert flow == smallest, f"seed {seed}"
        # The source side that is reported lies within every other smallest cut.
        reported = network.source_side()
        for size, _, side in cuts:
            if size == smallest:
                assert all(s for s, r in zip(side, reported, strict=True) if r)
        assert cut_size(arcs, reported) == smallest


def test_a_first_flow_is_a_part_of_the_largest() -> None:
    for seed in range(300):
        random = Random(seed)
        vertices = random.randint(3, 12)
        source, sink = vertices, vertices + 1
        arcs = [(t, h, c) for t, h, c in random_arcs(random, vertices) if source > t > h]
        arcs += [(source, h, random.randint(1, 9)) for h in random.sample(range(vertices), 2)]
        arcs += [(t, sink, random.randint(1, 9)) for t in random.sample(range(vertices), 3)]
        primed, whole = network_of(vertices, arcs), network_of(vertices, arcs)
        first = primed.prime()
        assert first + primed.saturate() == whole.saturate(), f"seed {seed}"
        assert primed.source_side() == whole.source_side()


def test_flow_that_has_to_be_taken_back() -> None:
    """The first shortest path blocks the best flow unless it can be undone."""
    source, sink = 4, 5
    arcs = [(source, 0, 1), (source, 1, 1), (0, 1, 1), (0, 2, 1), (1, 3, 1), (2, sink, 1)]
    arcs += [(3, sink, 1), (0, 3, 1)]
    assert network_of(4, arcs).saturate() == 2


def test_saturating_twice_adds_nothing() -> None:
    network = network_of(1, [(1, 0, 7), (0, 2, 5)])
    assert (network.saturate(), network.saturate()) == (5, 0)
