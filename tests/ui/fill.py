"""Fill the store of this place with work of every kind: `python fill.py`.

A flow that runs three times with an edit between, a wide flow, a study, tracked runs with histories
and files, a dataset with its profile, a model with versions and an alias.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

import deployed
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clew
from clew.app.served import open_served
from clew.app.settings import load
from clew.app.tracking import Tracking, open_tracking
from clew.entities import Dataset, DatasetInput, Metric, ModelLink, Owner
from clew.entities.token import SavedView
from clew.select import HalvingSearch

HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
NOTE = "## Plan\nTry **stronger** regularisation.\n\n- first `alpha`\n- then depth\n\n" + HOSTILE
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6360"
    "f8cf00000002010100c9fe92ef0000000049454e44ae426082"
)
RUNS = 24
FLOW = """
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression as Logistic

import clew

@clew.step
def rows(n: int) -> pd.DataFrame:
    generator = np.random.default_rng(n)
    table = pd.DataFrame({"a": generator.normal(size=n), "b": generator.normal(size=n)})
    return table.assign(row_id=range(n))

@clew.step
def fit(table: pd.DataFrame, sign: int) -> Logistic:
    X = table[["a", "b"]]
    return Logistic().fit(X, (sign * X["a"] > 0).astype(int))

@clew.flow
def train(n: int = 80, sign: int = 1):
    return fit(rows(n), sign)

@clew.step
def load(rows: int) -> list[int]:
    return list(range(rows))

@clew.step
def features(rows: list[int], bins: int) -> list[int]:
    return [row % bins for row in rows]

@clew.step
def score(groups: list[int]) -> float:
    value = sum(groups) / len(groups)
    clew.log_metric("mean", value)
    return value

@clew.flow
def adult(bins: int = 4):
    return score(features(load(100), bins))

@clew.step
def part(number: int) -> int:
    return number + 1

@clew.step
def total(parts: list[int]) -> int:
    return sum(parts)

@clew.flow
def wide(parts: int = 450):
    return total([part(number) for number in range(parts)])
"""


def main() -> None:
    """Do all of it; print the ids that tests ask for."""
    Path("flow.py").write_text(FLOW)
    sys.path.insert(0, ".")
    import flow

    first, _, edited = flow.adult.run(), flow.adult.run(), flow.adult.run(bins=8)
    wide = flow.wide.run()
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    grid = {
        "logisticregression__C": [0.0001, 0.01, 0.1, 1.0],
        "logisticregression__fit_intercept": [True, False],
        "logisticregression__class_weight": [None, "balanced"],
    }
    scoring = ["roc_auc", "accuracy"]
    study = clew.Search(pipeline, grid, cv=3, scoring=scoring, refit="roc_auc").fit(
        X[:200], y[:200]
    )
    halving = HalvingSearch(
        GradientBoostingClassifier(random_state=0, max_depth=2),
        {"learning_rate": [0.01, 0.03, 0.1, 0.3], "subsample": [0.6, 1.0]},
        min_resources=2,
        max_resources=18,
        cv=3,
    ).fit(X[:150], y[:150])
    known = {**grid, "logisticregression__C": [0.0001, 0.01, 0.1, 1.0, 10.0]}
    race = clew.Search(pipeline, known, cv=5, race=0.9).fit(X[:200], y[:200])
    wider = clew.Search(pipeline, known, cv=3, scoring=scoring, refit="roc_auc").fit(
        X[:200], y[:200]
    )
    tracked = track(open_tracking())
    tracked["prediction"] = deployed.fill(flow)
    ids = {"first": first.id, "edited": edited.id, "wide": wide.id, "study": study.study_id_}
    ids |= {"halving": halving.study_id_, "race": race.study_id_, "wider": wider.study_id_}
    print(json.dumps({**ids, **tracked}))


def track(tracking: Tracking) -> dict[str, object]:
    """Log runs as clients do."""
    sweep = tracking.experiments.create("sweep", tags={"mlflow.note.content": "Which model?"})
    made = []
    for number in range(RUNS):
        run = tracking.runs.create(sweep.id, name=f"trial-{number:02}", user="ada")
        model = ("ridge", "forest", "boosting")[number % 3]
        params = {"model": model, "alpha": str(10.0 ** (number % 4 - 2)), "seed": "7"}
        loss = [
            Metric("train/loss", (1 + number / 20) * math.exp(-step / 12), step * 1000, step)
            for step in range(60)
        ]
        ends = [Metric("auc", 0.8 + number / 200), Metric("val/auc", 0.78 + number / 210)]
        tracking.logging.log(run.id, params=params, metrics=[*loss, *ends], tags={"team": "core"})
        if number < RUNS - 1:
            tracking.runs.update(run.id, status="finished")
        made.append(run.id)
    tracking.logging.log(made[0], metrics=[Metric("broken", math.nan, 1, 1)])
    tracking.logging.log(made[1], tags={"mlflow.note.content": NOTE})
    tracking.runs.update(made[2], name=HOSTILE)
    files(tracking, made[1])
    dataset(tracking, made[:3])
    model = models(tracking, sweep.id, made)
    view = SavedView(
        id="forests",
        name="Forests",
        location=f"/e/{sweep.id}?filter=params.model+%3D+'forest'&cols=params.model,metrics.auc",
        created_ms=time.time_ns() // 1_000_000,
        created_by="ada",
    )
    open_served(load()).views.add(view)
    return {"experiment": sweep.id, "runs": made, "model": model}


def files(tracking: Tracking, run: str) -> None:
    """Leave files of each kind that is previewed."""
    table = "age,job\n" + "".join(f"{20 + i},clerk\n" for i in range(40))
    contents = {
        "report.md": b"# Report\nAll **good**.",
        "plots/dot.png": PNG,
        "table.csv": table.encode(),
        "logs/stdout.txt": b"epoch 1\nepoch 2\n",
        "blob.bin": bytes(range(256)) * 8,
    }
    for path, content in contents.items():
        writer = tracking.artifacts.writer(Owner("run", run), path)
        writer.write(content)
        writer.commit()


def dataset(tracking: Tracking, runs: list[str]) -> None:
    """Log a dataset with a schema and a profile."""
    columns = [("age", "long"), ("job", "string"), ("income", "double")]
    schema = {"mlflow_colspec": [{"name": n, "type": t, "required": True} for n, t in columns]}
    profile = {"num_rows": 40, "num_elements": 120}
    read = Dataset(
        name="census",
        digest="8f1c2d3e",
        source="census.csv",
        schema=json.dumps(schema),
        profile=json.dumps(profile),
    )
    for run in runs:
        tags = {"mlflow.data.context": "training"}
        tracking.logging.log_inputs(run, datasets=[DatasetInput(read, tags)])


def models(tracking: Tracking, experiment: str, runs: list[str]) -> str:
    """Register a model with two versions, the first of which leads."""
    tracking.registered.create("income", description="Over **50k**?")
    for run in runs[:2]:
        logged = tracking.models.create(experiment, name="model", source_run_id=run)
        writer = tracking.artifacts.writer(Owner("model", logged.id), "MLmodel")
        writer.write(b"flavors: {}\n")
        writer.commit()
        tracking.models.finalize(logged.id, "ready")
        tracking.logging.log_outputs(run, [ModelLink(logged.id)])
        tracking.versions.create(
            "income", f"models:/{logged.id}", run_id=run, model_id=logged.id, user="ada"
        )
    tracking.aliases.set("income", "champion", 1, actor="ada", reason="the first one")
    tracking.versions.create("income", "s3://elsewhere/model", user="bob")
    tracking.versions.delete("income", 3, actor="ada", reason="too slow")
    tracking.registered.create("old-income")
    tracking.versions.create("old-income", "s3://elsewhere/model")
    tracking.registered.delete("old-income", actor="ada", reason="a test of removal")
    return "income"


if __name__ == "__main__":
    main()
