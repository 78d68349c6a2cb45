"""Rewards: what an answer was worth once the truth is known."""

from __future__ import annotations

from typing import Any

import pytest

from clew.errors import InvalidParameter
from clew.serve.deployment.reward import Judged, named


def judged(answer: Any, probabilities: dict[Any, float] | None = None) -> Judged:
    return Judged(answer, probabilities, {"amount": 10})


def test_rewards_by_name() -> None:
    assert named("auto", classifies=True)("yes", judged("yes")) == 1.0
    assert named("accuracy", classifies=False)(0, judged(1)) == 0.0
    assert named("auto", classifies=False)(1.0, judged(1.0)) is None
    assert named("given", classifies=True)(1, judged(1)) is None
    likely = named("probability", classifies=True)
    assert likely("yes", judged("no", {"yes": 0.3, "no": 0.7})) == 0.3
    assert likely("maybe", judged("no", {"yes": 0.3, "no": 0.7})) == 0.0
    assert likely("yes", judged("no")) is None
    near = named("within:0.5", classifies=False)
    assert (near(10, judged(10.4)), near(10, judged(11.0))) == (1.0, 0.0)
    assert near("ten", judged(10.0)) is None


def profit(truth: Any, answer: Any, row: dict[str, Any]) -> float:
    return row["amount"] / 20 if truth == answer else 0.0


def too_much(truth: Any, answer: Any, row: dict[str, Any]) -> float:
    return 7.0


def test_a_reward_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    module = types.ModuleType("my_rewards")
    module.profit, module.too_much, module.number = profit, too_much, 3
    monkeypatch.setitem(sys.modules, "my_rewards", module)
    assert named("my_rewards:profit", classifies=True)(1, judged(1)) == 0.5
    with pytest.raises(InvalidParameter, match="0 to 1"):
        named("my_rewards:too_much", classifies=True)(1, judged(1))
    for name in ("my_rewards:number", "my_rewards:none", "within:-1"):
        with pytest.raises(InvalidParameter):
            named(name, classifies=True)
