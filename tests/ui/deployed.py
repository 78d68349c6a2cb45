"""A deployment of two versions, as its servers leave it: predictions, feedback, figures."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import ModuleType

import clew
from clew.app.debugging.report import debug
from clew.app.deployments import record
from clew.app.serving import writer_of
from clew.app.store import Store, open_store
from clew.lineage.ulid import new_ulid, ulid_of
from clew.registry import register
from clew.serve import Canary, Deployment, deploy
from clew.serve.deployment.live import Teller, Told
from clew.serve.deployment.meter import Meter
from clew.serve.journal.frame import Batch, Decision, Observed, Said, Shadowed
from clew.serve.journal.write import Ulids

NAME = "line"


def fill(flow: ModuleType) -> str:
    """Deploy, answer, judge; return the id of a prediction that was wrong."""
    for sign in (1, -1):
        run = flow.train.run(sign=sign)
        logged = clew.log_model(run.result, NAME, run=run.id)
        register(logged, NAME, alias="champion" if sign == 1 else None)
    arms = {"champion": f"{NAME}@champion", "challenger": f"{NAME}/2"}
    canary = Canary(arm="challenger", share=0.1)
    state = deploy(Deployment(name=NAME, arms=arms, canary=canary), reason="a first try")
    store = open_store()
    tell(store, state.id)
    report(store, flow)
    return predict(store, flow)


def report(store: Store, flow: ModuleType) -> None:
    """Report on the champion, against the challenger."""
    files = {}
    for part, rows in (("train", 200), ("test", 300)):
        table = flow.rows(rows)
        files[part] = Path(f"{part}.parquet")
        table.assign(big=(table["a"] + table["b"] / 4 > 0).astype(int)).to_parquet(files[part])
    debug(store, f"{NAME}/1", files, target="big", id="row_id", against=f"{NAME}/2")


def tell(store: Store, state: str) -> None:
    """Leave the figures of a process that serves it."""
    meter = Meter()
    for number in range(400):
        meter.answered(1, 0.002 + 0.0001 * (number % 40))
    counted, now_ms = meter.counted(batches=200), time.time_ns() // 1_000_000
    told = Told(
        pid=os.getppid(),
        started_ms=now_ms,
        # The figures of processes that have ended are left out after a while: these stay.
        time_ms=now_ms + 3_600_000,
        address="http://127.0.0.1:5090",
        state=state,
        policy="canary",
        versions={f"{NAME}/1": ["champion"], f"{NAME}/2": ["challenger"]},
        whole=counted,
        arms={f"{NAME}/1": counted},
        rewards={f"{NAME}/1": [40.0, 36.0, 36.0]},
    )
    Teller(record.folder_of(store, NAME)).tell(told)


def predict(store: Store, flow: ModuleType) -> str:
    """Answer rows of the table; the last one but one turns out to be wrong."""
    table, content = flow.rows(80), store.value_id("last:fit").hex()
    writer, ulids, ids = writer_of(store), Ulids(), []
    chances = {f"{NAME}/1": 0.9, f"{NAME}/2": 0.1}
    for at in range(30):
        time_ms, first = ulids.take(1)
        row = (float(table["a"][at]), float(table["b"][at]))
        decision = Decision(NAME, "canary", (f"{NAME}/2",), chances, [0.9], [], {}, (), 0.002)
        share = 0.5 + at / 70
        head = (time_ms, first.to_bytes(16), NAME, "2", content, ("a", "b"))
        writer.append(Batch(*head, [row], [at % 2], [[1 - share, share]], 0.001, decision))
        ids.append((first, ulid_of(first)))
    wrong = ids[-2]
    observed = Observed(NAME, (f"{NAME}/2",), {f"{NAME}/2": 0.1}, {f"{NAME}/2": 0.0}, {})
    now_ms = time.time_ns() // 1_000_000
    writer.append(Said(now_ms, new_ulid(), wrong[1], 1, None, "the customer called", observed))
    writer.append(Shadowed(now_ms, wrong[0].to_bytes(16), NAME, f"{NAME}/1", "x", [1], None, 0.003))
    writer.close()
    return wrong[1]
