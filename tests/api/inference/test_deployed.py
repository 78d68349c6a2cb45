"""Deployments over HTTP: answered, taught, followed, stopped, rolled back, explained."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import clew
from clew.api.inference.app import Inference
from clew.api.inference.models import Models
from clew.app.deployments import change, record
from clew.app.deployments.open import Opened, Settings
from clew.app.deployments.view import view, views
from clew.app.served import Served
from clew.app.serving import journal_of, writer_of
from clew.app.trace_back import origin
from clew.errors import InvalidParameter
from clew.registry import register
from clew.serve import Canary, Deployment
from clew.serve.batch import Aimd, Fixed, LatencyFit
from tests.api.conftest import Client


@clew.step
def rows(n: int) -> pd.DataFrame:
    generator = np.random.default_rng(n)
    table = pd.DataFrame({"a": generator.normal(size=n), "b": generator.normal(size=n)})
    return table.assign(row_id=range(n))


@clew.step
def fit(table: pd.DataFrame, sign: int) -> LogisticRegression:
    X = table[["a", "b"]]
    return LogisticRegression().fit(X, (sign * X["a"] > 0).astype(int))


@clew.flow
def train(n: int = 80, sign: int = 1):
    return fit(rows(n), sign)


@pytest.fixture
def versions(served: Served) -> list[Any]:
    """Version 1 says 1 where a > 0 and is the champion; version 2 says the opposite."""
    found = []
    for sign in (1, -1):
        run = train.run(sign=sign)
        logged = clew.log_model(run.result, "line", run=run.id)
        found.append(register(logged, "line", alias="champion" if sign == 1 else None))
    return found


def deployment(**config: Any) -> Deployment:
    arms = {"champion": "line@champion", "other": "line/2"}
    return Deployment(name="d", **{"arms": arms, **config})


class Process:
    """What one serving process has, without its socket."""

    def __init__(self, served: Served, *specs: str) -> None:
        self.store = served.store
        self.writer = writer_of(self.store)
        opened = Opened(self.store, specs or ("d",), Settings(), self.writer, "http://here")
        self.models = Models(
            opened.load,
            journal=journal_of(self.store),
            writer=self.writer,
            moved=opened.moved,
            tell=opened.tell,
        )
        for model in opened.models:
            self.models.add(model)
        for keeper in opened.keepers:
            self.models.deploy(keeper)
        self.client = Client(Inference(self.models))

    def predict(self, a: float, **more: Any) -> dict[str, Any]:
        body = {"rows": [{"a": a, "b": 0.0}], **more}
        answer = self.client("POST", "/v2/models/d/predict", body)
        assert answer.status == 200, answer.body
        return answer.json()["predictions"][0]

    def tell(self, prediction: dict[str, Any], **told: Any) -> None:
        body = {"feedback": [{"id": prediction["id"], **told}]}
        assert self.client("POST", "/v2/models/d/feedback", body).status == 200

    def until(self, holds: Callable[[], bool], answering: Any = None) -> None:
        """Let the process do what it does beside answering, until something holds."""

        async def wait() -> None:
            following = asyncio.ensure_future(self.models.follow(0.02))
            for _ in range(500):
                if answering is not None:
                    await answering()
                if holds():
                    break
                await asyncio.sleep(0.02)
            following.cancel()

        asyncio.run(wait())
        assert holds()

    def router(self) -> Any:
        return self.models.get("d")


def test_feedback_teaches_the_policy_and_outlives_the_process(served, versions) -> None:
    change.deploy(served.store, deployment(policy="epsilon-greedy", settings={"explore": 0.2}))
    process = Process(served)
    for at in range(60):
        a = 1.0 if at % 2 else -1.0
        process.tell(process.predict(a), truth=int(a < 0))  # version 2 is right
    process.until(lambda: process.router().learned["arms"]["line/2"][0] > 0)
    counts = process.router().learned["arms"]
    assert counts["line/2"][1] == counts["line/2"][0]
    assert counts["line/1"][1] == 0
    again = Process(served)
    assert again.router().learned == process.router().learned
    chosen = [again.predict(1.0)["version"] for _ in range(40)]
    assert chosen.count("2") > 25
    seen = {arm.key: arm for arm in view(served.store, "d").arms}
    assert seen["line/2"].mean_reward == 1.0


def test_a_worse_canary_is_stopped_by_itself(served, versions) -> None:
    canary = Canary(arm="other", share=0.5, least=20)
    change.deploy(served.store, deployment(canary=canary))
    process = Process(served)
    for at in range(160):
        a = 1.0 if at % 2 else -1.0
        process.tell(process.predict(a), truth=int(a > 0))
    process.until(lambda: process.router().running.state.stopped != "")
    assert process.router().running.state.stopped.startswith("it earns less: 0.000 against 1.000")
    assert {process.predict(1.0)["version"] for _ in range(30)} == {"1"}
    state = record.current(served.tracking, "d")
    assert (state.action, state.actor) == ("deployment.stop", "canary")


def test_a_moved_alias_is_followed_without_a_failed_request(served, versions) -> None:
    change.deploy(served.store, deployment(arms={"champion": "line@champion"}))
    process = Process(served)
    given: list[Any] = []

    async def ask() -> None:
        given.extend(await process.router().answer([{"a": 1.0, "b": 0.0}]))

    served.tracking.aliases.set("line", "champion", 2)
    process.until(lambda: process.router().version == "2", ask)
    assert process.predict(1.0)["prediction"] == 0
    assert {(one.version, one.prediction) for one in given} <= {("1", 1), ("2", 0)}
    change.roll_back(served.store, "d")
    process.until(lambda: process.router().version == "1", ask)
    assert process.predict(1.0)["prediction"] == 1
    assert served.tracking.aliases.version("line", "champion").version == 1


def test_late_arms_are_said_in_the_answer(served, versions, monkeypatch) -> None:
    change.deploy(served.store, deployment(policy="linear", deadline_ms=20))
    process = Process(served)
    part = process.router().running.parts["line/2"]
    at_once = part.hosted.answer

    async def late(rows: Any) -> Any:
        await asyncio.sleep(5)
        return await at_once(rows)

    both = process.predict(1.0)
    monkeypatch.setattr(part.hosted, "answer", late)
    alone = process.predict(1.0)
    assert (both["arms"], alone["late"]) == (["line/1", "line/2"], ["line/2"])
    assert alone["confidence"] < 0.5 + 1e-9
    inputs = [
        {"name": name, "datatype": "FP64", "shape": [1], "data": [1.0]} for name in ("a", "b")
    ]
    answer = process.client("POST", "/v2/models/d/infer", {"inputs": inputs}).json()
    assert answer["parameters"]["late"] == "line/2"
    assert [output["name"] for output in answer["outputs"]][-1] == "confidence"
    kept = process.client("GET", f"/v2/predictions/{alone['id']}").json()
    assert kept["decision"]["late"] == ["line/2"]


def test_context_of_the_request_or_of_its_rows(served, versions) -> None:
    change.deploy(served.store, deployment(policy="ucb", by=("region",)))
    process = Process(served)
    process.tell(process.predict(1.0, context={"region": "north"}), reward=1.0)
    process.until(lambda: '["north"]' in process.router().learned["contexts"])
    body = {"rows": [{"a": 1, "b": 0, "region": r} for r in ("south", "east", "south")]}
    given = process.client("POST", "/v2/models/d/predict", body).json()["predictions"]
    contexts = [journal_of(served.store).get(one["id"]).decision.contexts for one in given]
    assert contexts == [[{"region": "south"}], [{"region": "east"}], [{"region": "south"}]]


def test_several_models_in_one_process(served, versions) -> None:
    change.deploy(served.store, deployment(arms={"champion": "line/2"}))
    process = Process(served, "d", "line@champion")
    body = {"rows": [{"a": 1, "b": 0}]}
    given = {
        name: process.client("POST", f"/v2/models/{name}/predict", body).json()["predictions"][0]
        for name in ("d", "line")
    }
    assert (given["d"]["prediction"], given["line"]["prediction"]) == (0, 1)
    versioned = process.client("POST", "/v2/models/d/versions/2/predict", body)
    assert versioned.json()["predictions"][0]["policy"] == "asked"
    assert process.client("POST", "/v2/models/d/versions/9/predict", body).status == 404
    assert process.client("POST", "/invocations", body).status == 404  # which one?
    names = [one["name"] for one in process.client("POST", "/v2/repository/index", {}).json()]
    assert names == ["d", "line"]
    process.until(lambda: "line" in {one.name for one in views(served.store)})
    assert view(served.store, "line").whole.requests == 1
    assert (
        'clew_rows_total{model="d",version="2"} 2'
        in process.client("GET", "/metrics").body.decode()
    )
    assert process.client("POST", "/v2/repository/models/d/load", {}).status == 200
    assert process.client("POST", "/v2/repository/models/d/unload", {}).status == 200
    assert process.client("POST", "/v2/models/d/predict", body).status == 404
    with pytest.raises(InvalidParameter, match="two models of one name"):
        Process(served, "line/1", "line/2")


def test_a_prediction_leads_back_to_its_row(served, versions) -> None:
    change.deploy(served.store, deployment(canary=Canary(arm="other", share=0.0)))
    process = Process(served)
    table = rows(80)
    body = {"rows": [{"a": float(table["a"][7]), "b": float(table["b"][7])}]}
    (given,) = process.client("POST", "/v2/models/d/predict", body).json()["predictions"]
    found = origin(served.store, journal_of(served.store), given["id"])
    assert found.version is not None and found.deployment is not None
    assert (found.version.name, found.version.version) == ("line", 1)
    assert [arm.key for arm in found.deployment.arms] == ["line/1", "line/2"]
    assert (found.rows[0].position, found.rows[0].row["row_id"]) == (7, 7)


def test_a_state_that_cannot_be_loaded_is_left(served, versions, caplog) -> None:
    change.deploy(served.store, deployment(arms={"champion": "line@champion"}))
    process = Process(served)
    with clew.run("ill"):
        broken = clew.log_model(Ill().fit(rows(80)[["a", "b"]]), "line")
    register(broken, "line", alias="champion")
    process.until(lambda: "goes on as it was" in caplog.text)
    assert process.predict(1.0)["version"] == "1"


class Ill(LogisticRegression):
    def fit(self, X: Any, y: Any = None) -> Ill:
        return super().fit(X, (X["a"] > 0).astype(int))

    def predict(self, X: Any) -> Any:
        raise RuntimeError("no weights")


def test_batches_are_made_as_asked(served, versions) -> None:
    change.deploy(served.store, deployment(arms={"champion": "line@champion"}))
    for batching, kind in (("fit", LatencyFit), ("aimd", Aimd), ("single", Fixed)):
        settings = Settings(batching=batching, objective_ms=35.0, wait_ms=2.0)  # type: ignore[arg-type]
        opened = Opened(served.store, ["d", "line/1"], settings, None, "")
        for batcher in (opened.keepers[0].router.batcher, opened.models[0].batcher):
            assert type(batcher.limit) is kind
            assert getattr(batcher.limit, "objective_s", 0.035) == pytest.approx(0.035)
            assert batcher.wait_s == pytest.approx(0.002)
        if batching == "single":
            assert opened.models[0].batcher.limit.rows(0.0) == 1


def test_versions_that_no_gate_has_judged_are_noted(served, versions) -> None:
    change.deploy(served.store, deployment(arms={"champion": "line/2"}))
    opened = Opened(served.store, ["line@champion", "d"], Settings(), None, "")
    assert list(opened.unjudged) == ["line/1", "line/2"]
