"""Eviction: the budget holds, the least worth leaves, and counters survive."""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.lineage.cache.bandwidth import Bandwidth
from clew.lineage.cache.evict import CostSizePolicy, EvictionPolicy, LruPolicy

keys = st.integers(0, 7)
admits = st.tuples(
    st.just("admit"), keys, st.integers(0, 60), st.sampled_from([0.0, 0.1, 1.0, 1.0, 9.0])
)
touches = st.tuples(st.sampled_from(["hit", "miss"]), keys)
demands = st.tuples(st.just("victims"), st.integers(0, 150))
discards = st.tuples(st.just("discard"), keys)
operations = st.lists(admits | touches | demands | discards, max_size=60)


@settings(max_examples=300)
@given(operations, st.sampled_from([CostSizePolicy, LruPolicy]), st.integers(0, 120))
def test_laws_of_eviction(script, kind: type[EvictionPolicy], budget_bytes: int) -> None:
    policy = kind(budget_bytes)
    resident: dict[int, int] = {}
    uses: Counter[tuple[int, str]] = Counter()

    def scores() -> dict[int, float]:
        return {key: policy.score(policy.entry(key)) for key in resident}

    def leave(victims, before: dict[int, float]) -> None:
        for victim in victims:
            rest = [before[key] for key in resident]
            assert victim.score == before[victim.key] == min(rest)
            assert resident.pop(victim.key) == victim.size_bytes

    for name, *arguments in script:
        before = scores()
        if name == "admit":
            key, size_bytes, cost_s = arguments
            resident.pop(key, None)
            admission = policy.admit(key, size_bytes=size_bytes, cost_s=cost_s)
            leave(admission.victims, before)
            if admission.admitted:
                resident[key] = size_bytes
                assert all(v.score <= policy.score(policy.entry(key)) for v in admission.victims)
            else:
                assert not admission.victims
                assert sum(resident.values()) + size_bytes > budget_bytes
        elif name == "victims":
            leave(policy.victims(arguments[0]), before)
            assert not resident or policy.left_bytes >= min(arguments[0], budget_bytes)
        elif name == "discard":
            policy.discard(arguments[0])
            resident.pop(arguments[0], None)
            uses = Counter({k: n for k, n in uses.items() if k[0] != arguments[0]})
            assert policy.entry(arguments[0]) is None
        else:
            policy.touch(arguments[0], name)
            uses[arguments[0], name] += 1
        assert policy.used_bytes == sum(resident.values()) <= budget_bytes
        assert len(policy) == len(resident)
        assert all(key in policy for key in resident)
        for (key, use), count in uses.items():
            entry = policy.entry(key)
            assert (entry.hits if use == "hit" else entry.misses) == count


def test_no_more_leaves_than_has_to() -> None:
    policy = CostSizePolicy(100)
    for key, cost_s in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        policy.admit(key, size_bytes=30, cost_s=cost_s)
    assert [v.key for v in policy.victims(40)] == ["b"]
    assert [v.key for v in policy.victims(71)] == ["c", "a"]


def test_seconds_a_byte_decide() -> None:
    policy = CostSizePolicy(100)
    policy.admit("large and dear", size_bytes=90, cost_s=9.0)
    policy.admit("small and cheap", size_bytes=10, cost_s=2.0)
    admission = policy.admit("new", size_bytes=50, cost_s=6.0)
    assert admission.admitted
    assert [v.key for v in admission.victims] == ["large and dear"]


def test_uses_raise_the_score_and_survive_eviction() -> None:
    policy = CostSizePolicy(10)
    policy.admit("old", size_bytes=10, cost_s=1.0)
    for _ in range(3):
        policy.touch("old", "hit")
    assert not policy.admit("new", size_bytes=10, cost_s=2.0).admitted
    # What is refused gathers misses, and enters once it is asked for often enough.
    policy.touch("new", "miss")
    policy.touch("new", "miss")
    assert [v.key for v in policy.admit("new", size_bytes=10, cost_s=2.0).victims] == ["old"]
    ghost = policy.entry("old")
    assert (ghost.hits, ghost.misses) == (3, 0)
    assert "old" not in policy
    policy.discard("new")
    policy.admit("old", size_bytes=10, cost_s=1.0)
    assert policy.score(policy.entry("old")) == pytest.approx(0.3)


def test_equal_scores_leave_oldest_first() -> None:
    policy = CostSizePolicy(30)
    for key in "abc":
        policy.admit(key, size_bytes=10, cost_s=1.0)
    assert [v.key for v in policy.admit("d", size_bytes=20, cost_s=2.0).victims] == ["a", "b"]


def test_more_than_the_budget_is_refused_and_nothing_leaves() -> None:
    policy = CostSizePolicy(10)
    policy.admit("a", size_bytes=10, cost_s=0.0)
    admission = policy.admit("b", size_bytes=11, cost_s=1e9)
    assert not admission.admitted
    assert "11 bytes exceed the budget of 10" in admission.reason
    assert "a" in policy


def test_spilled_only_where_computing_takes_longer_than_reading_and_writing() -> None:
    bandwidth = Bandwidth(read_bytes_per_s=1e6, write_bytes_per_s=1e6)
    policy = CostSizePolicy(2_000_000, bandwidth=bandwidth)
    policy.admit("dear", size_bytes=1_000_000, cost_s=2.1)
    policy.admit("cheap", size_bytes=1_000_000, cost_s=1.9)
    actions = {v.key: v.action for v in policy.victims(2_000_000)}
    assert actions == {"dear": "spill", "cheap": "drop"}
    assert policy.admit("huge", size_bytes=3_000_000, cost_s=10.0).action == "spill"
    assert CostSizePolicy(0).admit("any", size_bytes=1, cost_s=10.0).action == "drop"


def test_the_longest_untouched_ghosts_are_forgotten() -> None:
    policy = CostSizePolicy(10, max_ghosts=2)
    for key in ("a", "b", "a", "c"):
        policy.touch(key, "miss")
    assert policy.entry("b") is None
    assert policy.entry("a").misses == 2


def test_it_saves_more_than_recency_where_costs_differ() -> None:
    """Dear small values among a scan of cheap large ones: recency lets the scan push them out."""
    spent = {kind: replay(kind(1_000)) for kind in (CostSizePolicy, LruPolicy)}
    assert spent[CostSizePolicy] < 0.5 * spent[LruPolicy]


def replay(policy: EvictionPolicy) -> float:
    random, spent_s = Random(0), 0.0
    for _ in range(3_000):
        dear = random.random() < 0.2
        key = random.randrange(8) if dear else random.randrange(100, 1_000)
        size_bytes, cost_s = (50, 5.0) if dear else (200, 0.1)
        there = key in policy
        policy.touch(key, "hit" if there else "miss")
        if not there:
            spent_s += cost_s
            policy.admit(key, size_bytes=size_bytes, cost_s=cost_s)
    return spent_s


def test_many_touches_do_not_fill_the_heap() -> None:
    policy = CostSizePolicy(100)
    for key in range(10):
        policy.admit(key, size_bytes=10, cost_s=1.0)
    for turn in range(1_000):
        policy.touch(turn % 10, "hit")
    assert len(policy._heap) <= 2 * len(policy) + 16
    assert len(policy.victims(100)) == 10


def test_threads_together_keep_the_budget_and_the_counts() -> None:
    policy = CostSizePolicy(500)
    broken = []

    def work(seed: int) -> None:
        random = Random(seed)
        for _ in range(400):
            key = random.randrange(20)
            policy.touch(key, "miss")
            policy.admit(key, size_bytes=random.randrange(1, 90), cost_s=random.random())
            if not 0 <= policy.used_bytes <= 500:
                broken.append(policy.used_bytes)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    assert sum(policy.entry(key).misses for key in range(20)) == 1_600
    sizes = [policy.entry(key).size_bytes for key in range(20) if key in policy]
    assert policy.used_bytes == sum(sizes)


@pytest.mark.parametrize("cost_s", [-1.0, float("nan"), float("inf")])
def test_what_is_not_a_cost_is_refused(cost_s: float) -> None:
    with pytest.raises(InvalidParameter):
        CostSizePolicy(10).admit("a", size_bytes=1, cost_s=cost_s)
    with pytest.raises(InvalidParameter):
        CostSizePolicy(-1)
