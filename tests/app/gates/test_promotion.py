"""A version that a gate refused does not become champion, whoever asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import clew
from clew.app.deployments import change
from clew.app.deployments.open import Opened, Settings
from clew.app.gates.infrastructure import infrastructure
from clew.app.gates.run import Model, run
from clew.app.promotion import ALIASES, POLICY
from clew.app.trace_back import _verdicts
from clew.app.tracking import tracking_of
from clew.debug.gates import Gate, Rows
from clew.errors import InvalidParameter, InvalidState
from clew.registry import history, promote, register, roll_back
from clew.serve import Canary, Deployment


def versions(count: int) -> pd.DataFrame:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["a", "b"])
    for at in range(count):
        model = LogisticRegression(C=1.0 + at).fit(X, (X["a"] > 0).astype(int))
        with clew.run():
            register(clew.log_model(model, "m", input_example=X), "line")
    return X


def judged(version: int, accuracy: float, name: str = "line") -> str:
    n = 400
    ids = [f"{name}{version}-{at}" for at in range(n)]
    new = np.where(np.arange(n) < n * accuracy, 1, 0)
    gate = Gate(("n > 0.7 +/- 0.1",), name="quality")
    found = tracking_of(clew.open().runtime).versions.get(name, version)
    model = Model(f"{name}/{version}", f"{name}/{version}", found.content or "")
    return run(clew.open(), gate, Rows(ids, new), dict.fromkeys(ids, 1), new=model).outcome


def test_a_policy_holds_until_its_gates_have_passed() -> None:
    versions(3)
    promote("line", 1)
    tracking = tracking_of(clew.open().runtime)
    tracking.registered.set_tag("line", POLICY, "quality, infrastructure")
    with pytest.raises(InvalidState, match=r"quality: no verdict, infrastructure: no verdict"):
        promote("line", 2)
    assert judged(2, 0.5) == "FAIL"
    assert infrastructure(clew.open(), "line/2", latency_ms=1e6).verdict.outcome == "PASS"
    with pytest.raises(InvalidState, match="quality: FAIL"):
        promote("line", 2)
    with pytest.raises(InvalidState):
        tracking.aliases.set("line", "champion", 2)  # What every edge calls.
    promote("line", 2, alias="candidate")  # Another alias is free.
    assert judged(3, 0.95) == "PASS"
    with pytest.raises(InvalidState, match="infrastructure: no verdict"):
        promote("line", 3)
    infrastructure(clew.open(), "line/3", latency_ms=1e6)
    told = _verdicts(tracking, tracking.versions.get("line", 3))
    assert told is not None
    assert [one.split(" (")[0] for one in told.split(", ")] == [
        "infrastructure: PASS",
        "quality: PASS",
    ]
    assert _verdicts(tracking, tracking.versions.get("line", 1)) is None
    assert "champion" in promote("line", 3).aliases


def test_an_override_has_its_reason_and_a_rollback_needs_none() -> None:
    versions(2)
    promote("line", 1)
    tracking_of(clew.open().runtime).registered.set_tag("line", POLICY, "quality")
    promote("line", 2, reason="override: the labels are late")
    assert history("line", alias="champion")[0].reason == "override: the labels are late"
    assert roll_back("line").version == 1  # It was champion before.


def test_what_was_champion_before_may_come_back() -> None:
    versions(2)
    promote("line", 2)
    promote("line", 1)
    tracking_of(clew.open().runtime).registered.set_tag("line", POLICY, "quality")
    assert promote("line", 2).version == 2


def test_a_slow_version_fails_and_what_is_no_version_is_told() -> None:
    versions(1)
    found = infrastructure(clew.open(), "line/1", latency_ms=0.0).verdict
    assert found.outcome == "FAIL"
    outcomes = {one.clause: one.outcome for one in found.findings}
    assert outcomes == {
        "loads": "PASS",
        "schema": "PASS",
        "batch equals online": "PASS",
        "latency": "FAIL",
    }
    with pytest.raises(InvalidParameter, match="registered version"):
        infrastructure(clew.open(), "last:fit")


def test_serving_refuses_what_no_gate_passed_unless_told() -> None:
    versions(2)
    promote("line", 1)
    store = clew.open()
    tracking_of(store.runtime).registered.set_tag("line", POLICY, "quality")
    settings = Settings()
    with pytest.raises(InvalidState, match="not served"):
        Opened(store, ["line/2"], settings, None, "")
    assert Opened(store, ["line/2"], replace(settings, unproven=True), None, "").models
    assert Opened(store, ["line@champion"], settings, None, "").models  # It was promoted before.
    champion = Deployment(name="pay", arms={"champion": "line/2"})
    with pytest.raises(InvalidState, match="not served"):
        change.deploy(store, champion)
    assert change.deploy(store, champion, reason="override: a rehearsal").champion.key == "line/2"
    two = Deployment(
        name="pay", arms={"champion": "line@champion", "next": "line/2"}, shadow=("next",)
    )
    change.deploy(store, two)
    with pytest.raises(InvalidState, match="alias champion"):
        change.promote(store, "pay", "next")
    change.promote(store, "pay", "next", reason="override: tried by hand")
    assert history("line", alias="champion")[0].reason == "override: tried by hand"
    judged(2, 0.95)
    assert Opened(store, ["line/2"], settings, None, "").models


def test_each_arm_that_answers_clients_needs_its_verdicts() -> None:
    versions(2)
    promote("line", 1)
    store = clew.open()
    tracking_of(store.runtime).registered.set_tag("line", POLICY, "quality")
    arms = {"champion": "line@champion", "next": "line/2"}
    for more in ({"policy": "thompson"}, {"canary": Canary(arm="next")}, {"policy": "voting"}):
        with pytest.raises(InvalidState, match="version 2 of line is not served"):
            change.deploy(store, Deployment(name="pay", arms=arms, **more))
    # What answers in the shadow is given to nobody.
    shadowed = Deployment(name="pay", arms=arms, shadow=("next",))
    assert change.deploy(store, shadowed).config.answering == ("champion",)
    judged(2, 0.95)
    bandit = Deployment(name="pay", arms=arms, policy="thompson")
    assert change.deploy(store, bandit).config.answering == ("champion", "next")


def test_production_is_guarded_with_the_aliases() -> None:
    versions(3)
    tracking = tracking_of(clew.open().runtime)
    tracking.versions.transition("line", 1, "Production")
    tracking.registered.set_tag("line", POLICY, "quality")
    for stage in ("Production", "production"):
        with pytest.raises(InvalidState, match="may not go to Production"):
            tracking.versions.transition("line", 2, stage)  # type: ignore[arg-type]
    assert tracking.versions.get("line", 2).stage == "None"
    assert tracking.versions.transition("line", 2, "Staging").stage == "Staging"
    moved = tracking.versions.transition("line", 2, "Production", reason="override: a rehearsal")
    assert moved.stage == "Production"
    tracking.versions.transition("line", 1, "Archived")
    assert tracking.versions.transition("line", 1, "Production").stage == "Production"
    judged(3, 0.95)
    assert tracking.versions.transition("line", 3, "Production").stage == "Production"


def test_a_verdict_is_not_that_of_a_later_version_of_the_same_name() -> None:
    versions(1)
    assert judged(1, 0.95) == "PASS"
    tracking = tracking_of(clew.open().runtime)
    tracking.registered.delete("line")
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
    with clew.run():
        model = LogisticRegression().fit(X, [0, 1, 0, 1])
        register(clew.log_model(model, "m", input_example=X), "line")
    tracking.registered.set_tag("line", POLICY, "quality")
    with pytest.raises(InvalidState, match="quality: no verdict"):
        promote("line", 1)


def test_a_change_of_the_policy_is_kept() -> None:
    versions(1)
    tracking = tracking_of(clew.open().runtime)
    tracking.registered.set_tag("line", "team", "pay")
    tracking.registered.set_tag("line", POLICY, "quality")
    tracking.registered.set_tag("line", ALIASES, "live")
    tracking.registered.delete_tag("line", POLICY)
    told = [
        (one.reason, one.before, one.after)
        for one in tracking.audit.events(subject="model:line").items
        if one.action == "model.tag"
    ]
    assert told == [
        (POLICY, '"quality"', None),
        (ALIASES, None, '"live"'),
        (POLICY, None, '"quality"'),
    ]
