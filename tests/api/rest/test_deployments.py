"""Deployments and predictions over REST."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import clew
from clew.app.deployments import record
from clew.app.serving import journal_of, writer_of
from clew.lineage.ulid import new_ulid, ulid_of
from clew.registry import register
from clew.serve.deployment.live import Teller, Told
from clew.serve.deployment.meter import Meter
from clew.serve.journal.frame import Batch, Decision, Observed, Said, Shadowed
from clew.serve.journal.write import Ulids


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
def versions(served) -> list[Any]:
    """Two versions of one name, the first of them the champion."""
    found = []
    for sign in (1, -1):
        run = train.run(sign=sign)
        logged = clew.log_model(run.result, "line", run=run.id)
        found.append(register(logged, "line", alias="champion" if sign == 1 else None))
    return found


ARMS = {"champion": "line@champion", "challenger": "line/2"}
CONFIGURATION = {"name": "line", "arms": ARMS, "canary": {"arm": "challenger", "share": 0.1}}


def test_a_deployment_is_made_stopped_promoted_and_rolled_back(client, served, versions) -> None:
    made = client.post("/api/v1/deployments", {"configuration": CONFIGURATION}, status=201)
    row = made["deployment"]
    assert (row["declared"], row["change"], row["processes"]) == (True, "deployment.set", [])
    assert [(arm["key"], arm["part"]) for arm in row["arms"]] == [
        ("line/1", "champion"),
        ("line/2", "canary"),
    ]
    assert row["canary"]["state"] == "running"
    path = "/api/v1/deployments/line"
    stopped = client.post(f"{path}/stop", {"reason": "slow"})["deployment"]["canary"]
    assert (stopped["state"], stopped["reason"]) == ("stopped", "slow")
    promoted = client.post(f"{path}/promote", {})
    assert [arm["key"] for arm in promoted["deployment"]["arms"]] == ["line/2"]
    assert served.tracking.aliases.version("line", "champion").version == 2
    back = client.post(f"{path}/rollback", {"reason": "no good"})
    assert back["history"][0]["arms"] == {"champion": "line/1", "challenger": "line/2"}
    assert served.tracking.aliases.version("line", "champion").version == 1
    actions = [line["action"].partition(".")[2] for line in back["history"]]
    assert actions == ["rollback", "promote", "stop", "set"]
    assert client.post(f"{path}/rollback", {}, status=404)
    assert client.get("/api/v1/deployments/none", status=404)
    assert client.post("/api/v1/deployments", {"configuration": {"name": "x"}}, status=400)


def test_the_models_lead_to_their_deployments(client, served, versions) -> None:
    made = client.post("/api/v1/deployments", {"configuration": CONFIGURATION}, status=201)
    node = served.store.node(made["deployment"]["node"])
    operations = {n.operation.partition(":")[2] for n in served.store.lineage(node.id.hex()).nodes}
    assert (node.kind, operations) == ("deployment", {"deploy", "run", "fit", "rows"})
    down = served.store.lineage(versions[0].node, up=False, down=True).nodes
    assert node.id in {n.id for n in down}


def test_what_processes_tell_is_added_up(client, served, versions) -> None:
    made = client.post("/api/v1/deployments", {"configuration": CONFIGURATION}, status=201)
    state = made["deployment"]["state"]
    for seconds in (0.001, 0.1):
        meter = Meter()
        for _ in range(50):
            meter.answered(2, seconds)
        tell(served, state, meter)
    row = client.get("/api/v1/deployments")["rows"][0]
    live = row["live"]
    assert (live["requests"], live["rows"], len(row["processes"])) == (100, 200, 2)
    assert live["p50_ms"] == pytest.approx(1, rel=0.05)
    assert live["p99_ms"] == pytest.approx(100, rel=0.05)
    champion = row["arms"][0]
    assert (champion["share"], champion["rewards"], champion["mean_reward"]) == (1.0, 4, 0.75)
    tell(served, "an older state", Meter())
    assert len(client.get("/api/v1/deployments")["rows"][0]["processes"]) == 2


def tell(served: Any, state: str, meter: Meter) -> None:
    now_ms = time.time_ns() // 1_000_000
    counted = meter.counted(batches=10)
    told = Told(
        pid=os.getpid(),
        started_ms=now_ms,
        time_ms=now_ms,
        address="http://127.0.0.1:1",
        state=state,
        policy="static",
        versions={"line/1": ["champion"], "line/2": ["challenger"]},
        whole=counted,
        arms={"line/1": counted},
        rewards={"line/1": [4.0, 3.0, 3.0]},
    )
    Teller(record.folder_of(served.store, "line")).tell(told)


@pytest.fixture
def predicted(client, served, versions) -> list[str]:
    """Predictions of a deployment: one for each of five rows of the table, one of them judged."""
    client.post("/api/v1/deployments", {"configuration": CONFIGURATION}, status=201)
    table, content = rows(80), served.store.value_id("last:fit").hex()
    writer, ulids, ids = writer_of(served.store), Ulids(), []
    for at in range(5):
        time_ms, first = ulids.take(1)
        row = (float(table["a"][at]), float(table["b"][at]))
        decision = Decision(
            "line", "canary", ("line/2",), {"line/2": 0.1}, [0.9], [], {}, (), 0.002
        )
        entry = Batch(
            time_ms, first.to_bytes(16), "line", "2", content, ("a", "b"), [row],
            [at % 2], [[0.1, 0.9]], 0.001, decision if at else None,
        )  # fmt: skip
        writer.append(entry)
        ids.append(ulid_of(first))
    observed = Observed("line", ("line/2",), {"line/2": 0.1}, {"line/2": 0.0}, {})
    writer.append(Said(time.time_ns() // 1_000_000, new_ulid(), ids[3], 0, None, "", observed))
    shadowed = Shadowed(time_ms, first.to_bytes(16), "line", "line/1", "x", [1], None, 0.003)
    writer.append(shadowed)
    writer.close()
    return ids


def test_predictions_are_found(client, predicted) -> None:
    def found(query: str) -> list[str]:
        return [row["id"] for row in client.get(f"/api/v1/predictions?{query}")["rows"]]

    assert found("model=line") == predicted[::-1]
    assert found("model=none") == []
    assert found("answer=1") == [predicted[3], predicted[1]]
    assert found("judged=wrong") == found("judged=given") == [predicted[3]]
    assert len(found("judged=none")) == 4
    assert found("arm=line/2&limit=2") == [predicted[4], predicted[3]]
    assert found("least_confidence=0.95") == []
    page = client.get("/api/v1/predictions?limit=2")
    assert found(f"before={page['next']}&limit=9") == predicted[2::-1]
    row = client.get("/api/v1/predictions?judged=wrong")["rows"][0]
    assert row["feedback"][0]["rewards"] == {"line/2": 0.0}
    assert found(f"column=a={row['row']['a']}") == [predicted[3]]
    assert client.get("/api/v1/predictions?column=a", status=400)


def test_a_prediction_leads_back_to_its_row(client, predicted) -> None:
    found = client.get(f"/api/v1/predictions/{predicted[4]}")
    thread = found["thread"]
    assert found["decision"]["policy"] == "canary"
    assert found["shadows"][0] == {
        "arm": "line/1", "content": "x", "answer": 1, "probabilities": None, "latency_ms": 3.0,
        "error": "",
    }  # fmt: skip
    assert (thread["version"]["name"], thread["version"]["version"]) == ("line", 2)
    assert thread["deployment"]["arms"] == {"champion": "line/1", "challenger": "line/2"}
    assert [step["operation"].partition(":")[2] for step in thread["steps"]] == ["fit", "rows"]
    assert thread["run"] == thread["version"]["run_id"]
    (row,) = thread["rows"]
    assert (row["position"], row["found_by"], row["row"]["row_id"]) == (4, "values", 4)
    assert client.get(f"/api/v1/predictions/{new_ulid()}", status=404)
    assert client.get("/api/v1/predictions/nonsense", status=400)


def test_the_journal_of_a_store_is_one(served) -> None:
    assert journal_of(served.store) is journal_of(served.store)
