"""A deployment answers: who is asked, what becomes of several answers, what is kept of it."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from clew.errors import InvalidParameter, NotFound
from clew.serve import Canary, Deployment, compile_model
from clew.serve.deployment.route import Router
from clew.serve.deployment.running import Part, Running, policy_of
from clew.serve.deployment.state import Arm, State
from clew.serve.hosted import Hosted
from clew.serve.journal import Journal, JournalWriter

X = np.arange(20.0).reshape(10, 2)
ROW = [1.0, 2.0]


class Says(ClassifierMixin, BaseEstimator):
    """Gives every row the same label with the same probability."""

    def __init__(self, label: str = "a", sure: float = 0.9, wait_s: float = 0.0, error: str = ""):
        self.label, self.sure, self.wait_s, self.error = label, sure, wait_s, error

    def fit(self, X: Any, y: Any = None) -> Says:
        self.classes_, self.n_features_in_ = np.array(["a", "b"]), 2
        return self

    def predict(self, X: Any) -> Any:
        return np.array([self.label] * len(X))

    def predict_proba(self, X: Any) -> Any:
        first = self.sure if self.label == "a" else 1 - self.sure
        return np.array([[first, 1 - first]] * len(X))


class Number(RegressorMixin, BaseEstimator):
    def __init__(self, value: float = 0.0):
        self.value = value

    def fit(self, X: Any, y: Any = None) -> Number:
        self.n_features_in_ = 2
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.value)


class Slow(Hosted):
    """Answers as many seconds later as its content id says."""

    async def answer(self, rows: Any) -> Any:
        await asyncio.sleep(float(self.content))
        return await super().answer(rows)


class Broken(Hosted):
    """Fails with its content id."""

    async def answer(self, rows: Any) -> Any:
        raise RuntimeError(self.content)


def deployed(models: dict[str, Any], writer: JournalWriter | None = None, **config: Any) -> Router:
    """Return a router over models by role: the first is the champion, version 1, and so on."""
    arms = {role: f"m/{at}" for at, role in enumerate(models, 1)}
    configured = Deployment(name="d", arms=arms, **config).checked()
    state = State(
        config=configured,
        arms=tuple(
            Arm(role=role, spec=spec, name="m", version=str(at), content=f"content{at}")
            for at, (role, spec) in enumerate(arms.items(), 1)
        ),
        id="s1",
    )
    parts = {}
    for arm, model in zip(state.arms, models.values(), strict=True):
        compiled = compile_model(model.fit(X), X, forms=["python"])
        hosted = Hosted("m", arm.version, arm.content, compiled)
        hosted.batcher.warm([tuple(ROW)])
        if getattr(model, "wait_s", 0):
            hosted = Slow("m", arm.version, str(model.wait_s), compiled)
        if getattr(model, "error", ""):
            hosted = Broken("m", arm.version, model.error, compiled)
        parts[arm.key] = Part(arm.key, hosted)
    policy, keys = policy_of(state)
    running = Running(state, parts)
    return Router(running, policy.init(keys), journal=writer, dice=random.Random(0))


def ask(router: Router, times: int = 1, rows: Any = (ROW,), **context: Any) -> list[Any]:
    async def all_of_them() -> list[Any]:
        found = [(await router.answer(list(rows), context))[0] for _ in range(times)]
        await router.drain()
        return found

    return asyncio.run(all_of_them())


def test_the_champion_answers(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    router = deployed({"champion": Says("a")}, writer)
    (given,) = ask(router)
    assert (given.prediction, given.version, given.confidence) == ("a", "1", 0.9)
    kept = Journal(tmp_path).get(given.id)
    assert (kept.model, kept.version, kept.content) == ("d", "1", "content1")
    assert (kept.answer, kept.row) == ("a", {"x0": 1.0, "x1": 2.0})
    assert kept.decision is not None
    assert (kept.decision.policy, kept.decision.arms) == ("static", ("m/1",))
    with pytest.raises(InvalidParameter):
        ask(router, rows=())


def test_shares_are_kept(tmp_path: Path) -> None:
    models = {"champion": Says("a"), "other": Says("b")}
    router = deployed(models, policy="split", settings={"shares": {"champion": 3, "other": 1}})
    labels = [one.prediction for one in ask(router, 400)]
    assert 70 < labels.count("b") < 130
    counted = {key: part.counted().requests for key, part in router.running.parts.items()}
    assert counted == {"m/1": labels.count("a"), "m/2": labels.count("b")}


def test_a_canary_gets_its_share_and_none_once_it_is_stopped() -> None:
    models = {"champion": Says("a"), "new": Says("b")}
    router = deployed(models, canary=Canary(arm="new", share=0.2))
    given = ask(router, 300)
    labels = [one.prediction for one in given]
    assert 35 < labels.count("b") < 85
    assert given[labels.index("b")].decision.policy == "canary"
    from msgspec.structs import replace

    stopped = replace(router.running.state, stopped="slow", id="s2")
    gone = router.take_up(Running(stopped, router.running.parts), router.learned)
    assert gone == []
    assert {one.prediction for one in ask(router, 100)} == {"a"}


def test_a_failing_arm_is_replaced_by_the_champion_and_counted() -> None:
    models = {"champion": Says("a"), "broken": Says(error="out of memory")}
    router = deployed(models, policy="static", settings={"arm": "broken"})
    (given,) = ask(router)
    assert (given.prediction, given.version) == ("a", "1")
    assert given.decision.arms == ("m/2",)
    assert given.decision.votes == {"m/1": ["a"]}
    assert "out of memory" in given.decision.note
    assert router.running.parts["m/2"].counted().errors == 1
    assert router.running.whole.errors == 0


def test_what_nobody_takes_is_the_clients_fault() -> None:
    models = {"champion": Says("a"), "other": Says("b")}
    router = deployed(models, policy="static", settings={"arm": "other"})
    with pytest.raises(InvalidParameter):
        ask(router, rows=[[1.0, 2.0, 3.0]])
    assert router.running.parts["m/2"].counted().errors == 0


def test_votes_are_combined() -> None:
    models = {"champion": Says("a", 0.6), "second": Says("b", 0.9), "third": Says("a", 0.6)}
    (linear,) = ask(deployed(models, policy="linear"))
    # (0.6 + 0.1 + 0.6) / 3 for a
    assert (linear.prediction, round(linear.confidence, 4)) == ("b", 0.5667)
    assert [round(share, 4) for share in linear.probabilities] == [0.4333, 0.5667]
    (voting,) = ask(deployed(models, policy="voting"))
    assert (voting.prediction, round(voting.confidence, 4)) == ("a", 0.6667)
    assert voting.decision.votes == {"m/1": ["a"], "m/2": ["b"], "m/3": ["a"]}
    weights = {"weights": {"champion": 1, "second": 0, "third": 0}}
    (one,) = ask(deployed(models, policy="linear", settings=weights))
    assert (one.prediction, list(one.decision.arms)) == ("a", ["m/1"])


def test_numbers_are_averaged() -> None:
    (given,) = ask(deployed({"champion": Number(1.0), "other": Number(2.0)}, policy="linear"))
    assert (given.prediction, given.confidence, given.probabilities) == (1.5, 1.0, None)


def test_who_misses_the_deadline_is_left_out_and_named() -> None:
    models = {"champion": Says("a"), "slow": Says("b", wait_s=0.4)}
    router = deployed(models, policy="linear", deadline_ms=30)
    (given,) = ask(router)
    assert (given.prediction, given.decision.late) == ("a", ("m/2",))
    assert given.confidence == pytest.approx(0.45)
    assert given.decision.votes == {"m/1": ["a"]}
    counted = router.running.counted()
    assert (counted.late, router.running.parts["m/2"].counted().late) == (1, 1)
    assert counted.errors == 0


def test_when_all_are_late_the_first_answers() -> None:
    models = {"champion": Says("a", wait_s=0.5), "other": Says("b", wait_s=0.05)}
    (given,) = ask(deployed(models, policy="linear", deadline_ms=1))
    assert (given.prediction, given.version, given.decision.late) == ("b", "2", ("m/1",))


def test_shadows_are_kept_and_never_returned(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    models = {"champion": Says("a"), "next": Says("b"), "ill": Says(error="no weights")}
    router = deployed(models, writer, shadow=("next", "ill"))
    given = ask(router, 20)
    assert {one.prediction for one in given} == {"a"}
    kept = Journal(tmp_path).get(given[7].id)
    assert {(one.arm, one.answer, one.error) for one in kept.shadows} == {
        ("m/2", "b", ""),
        ("m/3", None, "no weights"),
    }
    assert router.running.parts["m/3"].counted().errors == 20


def test_it_decides_apart_for_each_context(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    models = {"champion": Says("a"), "other": Says("b")}
    router = deployed(
        models, writer, policy="epsilon-greedy", settings={"explore": 0.0}, by=("region",)
    )
    north = {"arms": {"m/1": [9.0, 9.0], "m/2": [9.0, 0.0]}}
    south = {"arms": {"m/1": [9.0, 0.0], "m/2": [9.0, 9.0]}}
    router.learned = {
        "arms": ["m/1", "m/2"], "contexts": {'["north"]': north, '["south"]': south}
    }  # fmt: skip
    assert ask(router, region="north")[0].prediction == "a"
    (given,) = ask(router, region="south")
    assert (given.prediction, given.decision.contexts) == ("b", [{"region": "south"}])


def test_a_version_may_be_asked_by_its_number(tmp_path: Path) -> None:
    router = deployed({"champion": Says("a"), "other": Says("b")}, policy="thompson")
    (given,) = asyncio.run(router.pinned("2").answer([ROW]))
    assert (given.prediction, given.decision.policy) == ("b", "asked")
    with pytest.raises(NotFound, match="1, 2"):
        router.pinned("9")


def test_requests_that_have_begun_end_with_the_state_in_which_they_began() -> None:
    router = deployed({"champion": Says("a", wait_s=0.05)})
    other = deployed({"champion": Says("b")})

    async def swapped() -> list[str]:
        begun = [asyncio.ensure_future(router.answer([ROW])) for _ in range(5)]
        await asyncio.sleep(0.01)
        gone = router.take_up(other.running, other.learned)
        begun += [asyncio.ensure_future(router.answer([ROW])) for _ in range(5)]
        await router.drain(gone)
        return [(await one)[0].prediction for one in begun]

    assert asyncio.run(swapped()) == ["a"] * 5 + ["b"] * 5
