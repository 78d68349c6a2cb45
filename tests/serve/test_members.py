"""Members of an ensemble under an objective: in time first, right as often as that allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.policy_rafiki import (
    ACCURACY,
    MEMBERS,
    OBJECTIVE_S,
    apart,
    arrivals,
    greedy,
    planned,
    play,
)
from clew.errors import InvalidParameter
from clew.serve.members import Dispatch, Member, MembersUnderLatency, Wait, all_sets

FAST, SLOW = Member("fast", 0.01, 0.001), Member("slow", 0.05, 0.01)
SHARES = {frozenset(["fast"]): 0.7, frozenset(["slow"]): 0.8, frozenset(["fast", "slow"]): 0.9}
POLICY = MembersUnderLatency([FAST, SLOW], SHARES, 0.5, most_rows=16)
IDLE = {"fast": 0.0, "slow": 0.0}


def test_a_few_requests_get_the_most_accurate_set() -> None:
    assert POLICY.decide(1.0, [1.0, 1.0], IDLE) == Dispatch(("fast", "slow"), 2)


def test_a_crowd_gets_what_keeps_the_objective() -> None:
    decision = POLICY.decide(1.0, [1.0] * 330, IDLE)
    assert (len(decision.members), decision.rows) == (1, 16)
    assert isinstance(POLICY.decide(1.0, [], IDLE), Wait)


def test_it_waits_for_a_member_only_while_that_is_in_time() -> None:
    busy = {"fast": 1.2, "slow": 9.0}
    assert POLICY.decide(1.0, [0.95], busy) == Wait(1.2)
    assert POLICY.decide(1.0, [0.95], {"fast": 9.0, "slow": 1.1}) == Wait(1.1)


def test_what_is_late_anyway_lets_the_others_pass() -> None:
    decision = POLICY.decide(1.0, [0.1, 0.2, 0.95], IDLE)
    assert (decision.first, decision.rows) == (2, 1)
    assert POLICY.decide(1.0, [0.1, 0.2], IDLE) == Dispatch(("fast",), 2)


def test_a_batch_waits_to_be_filled_when_more_is_expected() -> None:
    decision = POLICY.decide(1.0, [1.0] * 3, IDLE, rate=100.0)
    assert isinstance(decision, Wait)
    assert 1.0 < decision.until_s < 1.5
    assert isinstance(POLICY.decide(decision.until_s, [1.0] * 3, IDLE, rate=100.0), Dispatch)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=40), st.floats(0, 3), st.floats(0, 3))
def test_a_decision_can_be_carried_out(came: list[float], fast: float, slow: float) -> None:
    free, queue = {"fast": fast, "slow": slow}, sorted(came)
    decision = POLICY.decide(2.0, queue, free)
    if isinstance(decision, Wait):
        assert decision.until_s > 2.0
        return
    assert all(free[name] <= 2.0 for name in decision.members)
    assert 0 < decision.rows <= 16
    assert decision.first + decision.rows <= len(queue)
    # Were it late for the oldest of the batch, no single member that is idle would be in time.
    ends = 2.0 + max(POLICY.members[name].batch_s(decision.rows) for name in decision.members)
    if len(decision.members) > 1:
        assert ends <= queue[decision.first] + 0.5


@pytest.mark.parametrize("capacity", [128, 450])
def test_simulated_arrivals_are_in_time_where_greed_is_late(capacity: float) -> None:
    times = arrivals(capacity, 140, 1)
    ours, greed = play(planned(), times), play(greedy(apart), times)
    assert ours.overdue == 0
    assert greed.overdue_share > 0.01
    assert ours.accuracy > greed.accuracy - 2e-3


def test_settings_that_fit_nothing_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="other"):
        MembersUnderLatency([FAST], {frozenset(["other"]): 0.5}, 1.0)
    with pytest.raises(InvalidParameter, match="objective"):
        MembersUnderLatency([FAST], {frozenset(["fast"]): 0.5}, 0.0)
    with pytest.raises(InvalidParameter, match="members"):
        MembersUnderLatency([FAST, FAST], {frozenset(["fast"]): 0.5}, 1.0)
    assert len(all_sets([member.name for member in MEMBERS])) == len(ACCURACY)
    assert MEMBERS[-1].batch_s(64) < OBJECTIVE_S
