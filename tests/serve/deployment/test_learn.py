"""Feedback teaches the policy: late, in any process, and across restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clew.lineage.ulid import new_ulid
from clew.serve import Deployment
from clew.serve.deployment.learn import Learner
from clew.serve.deployment.observe import observed
from clew.serve.deployment.reward import named
from clew.serve.deployment.state import Arm, State
from clew.serve.journal import JournalWriter, Prediction
from clew.serve.journal.frame import Decision, Observed, Said
from clew.serve.journal.read import Shadow


def state(versions: dict[str, str], id: str = "s1", time_ms: int = 0, **config: Any) -> State:
    arms = {role: f"m/{version}" for role, version in versions.items()}
    config = {"policy": "thompson", **config}
    return State(
        config=Deployment(name="d", arms=arms, **config).checked(),
        arms=tuple(
            Arm(role=role, spec=f"m/{version}", name="m", version=version)
            for role, version in versions.items()
        ),
        id=id,
        time_ms=time_ms,
    )


TWO = {"champion": "1", "other": "2"}


def said(arm: str, reward: float, deployment: str = "d", **context: Any) -> Said:
    told = Observed(deployment, (arm,), {arm: 0.5}, {arm: reward}, context)
    return Said(0, new_ulid(), new_ulid(), None, reward, "", told)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "deployment", tmp_path / "journal"


def test_what_is_known_outlives_the_process(places: tuple[Path, Path]) -> None:
    folder, journal = places
    writer = JournalWriter(journal)
    learner = Learner(folder, journal, state(TWO))
    for reward in (1.0, 0.0, 1.0):
        writer.append(said("m/2", reward))
    writer.append(said("m/2", 1.0, "another"))
    assert learner.advance() == 3
    assert learner.known["arms"]["m/1"] == [0.0, 0.0]
    assert learner.kept.rewards == {"m/2": [3.0, 2.0, 2.0]}
    learner.save()
    other = JournalWriter(journal)  # another process takes feedback meanwhile
    other.append(said("m/1", 1.0))
    again = Learner(folder, journal, state(TWO))
    assert again.known == learner.known
    assert (again.advance(), learner.advance()) == (1, 1)
    assert again.known == learner.known
    # A process that died before it kept anything learns all of it again.
    (folder / "learned.json").unlink()
    anew = Learner(folder, journal, state(TWO))
    assert anew.advance() == 4
    assert anew.kept.rewards == learner.kept.rewards


def test_arms_come_and_go(places: tuple[Path, Path]) -> None:
    folder, journal = places
    writer = JournalWriter(journal)
    learner = Learner(folder, journal, state(TWO))
    writer.append(said("m/1", 1.0))
    writer.append(said("m/2", 1.0))
    learner.advance()
    before = learner.known["arms"]
    learner.take_up(state({"champion": "2", "other": "3"}, "s2"))
    assert learner.known["arms"] == {"m/2": before["m/2"], "m/3": [0.0, 0.0]}
    assert learner.kept.rewards == {}
    learner.take_up(state(TWO, "s3", policy="ucb"))  # another policy reads everything again
    assert learner.advance() == 2
    assert learner.known["arms"] == before


def test_rewards_are_those_of_the_state(places: tuple[Path, Path]) -> None:
    folder, journal = places
    learner = Learner(folder, journal, state(TWO, time_ms=10**15))
    JournalWriter(journal).append(said("m/1", 1.0))  # late: to a prediction before that state
    assert learner.advance() == 1
    assert (learner.kept.rewards, learner.known["arms"]["m/1"]) == ({}, [1.0, 1.0])


def test_contexts_and_losses(places: tuple[Path, Path]) -> None:
    folder, journal = places
    writer = JournalWriter(journal)
    writer.append(said("m/1", 1.0, region="north"))
    apart = Learner(folder, journal, state(TWO, by=("region",)))
    apart.advance()
    assert apart.known["contexts"]['["north"]']["arms"]["m/1"] == [1.0, 1.0]
    apart.take_up(state({"champion": "1", "new": "4"}, "s2", by=("region",)))
    assert apart.known["contexts"]['["north"]']["arms"] == {"m/1": [1.0, 1.0], "m/4": [0.0, 0.0]}
    losses = Learner(folder, journal, state(TWO, policy="exp3"))
    writer.append(said("m/1", 0.0))
    writer.append(said("m/2", 0.5))
    losses.advance()
    least = min(losses.known["losses"].values())
    losses.take_up(state({"champion": "1", "new": "4"}, "s2", policy="exp3"))
    assert losses.known["losses"]["m/4"] == losses.known["losses"]["m/1"] > least > 0


@settings(max_examples=40, deadline=None)
@given(
    rewards=st.lists(
        st.tuples(st.sampled_from(["m/1", "m/2"]), st.floats(0, 1)), min_size=1, max_size=30
    ),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
def test_interruptions_change_nothing(tmp_path_factory: Any, rewards: Any, cuts: Any) -> None:
    """However often a process ends and begins again, it knows what one that never ended knows."""
    root = tmp_path_factory.mktemp("learn")
    writer = JournalWriter(root / "journal")
    steady = Learner(root / "a", root / "journal", state(TWO))
    broken = Learner(root / "b", root / "journal", state(TWO))
    for at, (arm, reward) in enumerate(rewards):
        writer.append(said(arm, reward))
        steady.advance()
        if at in cuts:
            broken.advance()
            if at % 2:
                broken.save()
            broken = Learner(root / "b", root / "journal", state(TWO))
    broken.advance()
    assert broken.kept.rewards == steady.kept.rewards
    assert broken.known == steady.known


def decided(votes: dict[str, list[Any]], arms: tuple[str, ...], late: Any = ()) -> Decision:
    return Decision("d", "linear", arms, dict.fromkeys(arms, 1.0), [0.9], [], votes, late, 0.01)


def prediction(decision: Decision, answer: Any, shares: Any = None, shadows: Any = ()) -> Any:
    return Prediction(
        id=new_ulid(), time_ms=0, model="d", version="1", content="", row={}, answer=answer,
        probabilities=shares, batch_rows=1, seconds=0.0, decision=decision, shadows=shadows,
    )  # fmt: skip


def rewards(made: Any, *, truth: Any = None, reward: Any = None, rule: str = "accuracy") -> Any:
    classes = dict.fromkeys(("m/1", "m/2", "m/3"), ("a", "b"))
    found = observed(
        made, made.decision, classes, named(rule, classifies=True), truth=truth, reward=reward
    )
    return None if found is None else found.rewards


def test_a_truth_rewards_each_arm_by_its_own_answer() -> None:
    made = prediction(decided({"m/1": ["a"], "m/2": ["b"]}, ("m/1", "m/2")), "a")
    assert rewards(made, truth="b") == {"m/1": 0.0, "m/2": 1.0}
    assert rewards(made, reward=0.7) == {"m/1": 0.7}
    shadow = Shadow("m/3", "", "b", [0.2, 0.8], 0.1, "")
    one = prediction(decided({}, ("m/1",)), "a", [0.9, 0.1], (shadow,))
    assert rewards(one, truth="b") == {"m/1": 0.0, "m/3": 1.0}
    assert rewards(one, truth="b", rule="probability") == {"m/1": 0.1, "m/3": 0.8}
    assert rewards(one, truth="b", rule="given") is None
    ill = Shadow("m/3", "", None, None, 0.1, "no weights")
    assert rewards(prediction(decided({}, ("m/1",)), "a", None, (ill,)), truth="a") == {"m/1": 1.0}


def test_an_arm_that_failed_earns_nothing_and_one_that_was_late_is_not_judged() -> None:
    failed = prediction(decided({"m/1": ["a"]}, ("m/2",)), "a")
    assert rewards(failed, truth="a") == {"m/1": 1.0, "m/2": 0.0}
    late = prediction(decided({"m/1": ["a"]}, ("m/1", "m/2"), ("m/2",)), "a")
    assert rewards(late, truth="a") == {"m/1": 1.0}


def test_a_stopped_canary_keeps_the_policys_memory(places: tuple[Path, Path]) -> None:
    folder, journal = places
    learner = Learner(folder, journal, state(TWO))
    JournalWriter(journal).append(said("m/1", 1.0))
    learner.advance()
    known = learner.known
    learner.take_up(replace(state(TWO), id="s2", stopped="slow"))
    assert learner.known == known
