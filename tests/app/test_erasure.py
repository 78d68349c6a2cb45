"""Rows are erased with all tables that hold them or came of them; what is left is told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

import clew
from clew.cli.main import main
from clew.errors import ClewError
from clew.registry import register


@clew.step
def people() -> pd.DataFrame:
    ages = np.arange(20, 60)
    return pd.DataFrame({"person": [f"p{age}" for age in ages], "age": ages, "pays": ages > 39})


@clew.step
def features(people: pd.DataFrame) -> np.ndarray:
    return people[["age"]].to_numpy(dtype=float)


@clew.step
def fit(X: np.ndarray, people: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(X, people["pays"])


@clew.step
def others() -> pd.DataFrame:
    return pd.DataFrame({"person": ["q1", "q2"], "age": [1, 2]})


@clew.flow
def train():
    rows = people()
    X = features(rows)
    return fit(X, rows), rows, X, others()


def said(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["erase", *words])
    assert done.exit_code == status, (done.output, done.exception)
    return done


def held(value: object) -> bool:
    from clew.lineage.fingerprint import fingerprint

    try:
        clew.open().value(fingerprint(value).hex())
    except ClewError:
        return False
    return True


def test_a_row_is_forgotten_and_what_saw_it_is_told() -> None:
    run = train.run()
    model, rows, X, rest = run.result
    register(clew.log_model(model, "payer", run=run.id, input_example=X[:3]), "payer")
    told = said("--rows", "person=p40")
    assert "would be dropped" in told.stdout
    assert "versions: payer/1" in told.stdout
    assert "features" in told.stdout
    assert held(rows) and held(X)
    assert "needs a reason" in said("--rows", "person=p40", "--apply", status=1).output
    done = said("--rows", "person=p40", "--apply", "--reason", "she asked", "--json")
    found = json.loads(done.stdout)
    assert found["done"]
    assert not held(rows)
    assert not held(X)
    assert held(rest)
    assert held(model)
    record = clew.open().value(found["node"])
    assert "p40" not in json.dumps(record)
    assert record["reason"] == "she asked"
    assert record["versions"] == ["payer/1"]
    again = said("--rows", "person=p40", status=1)
    assert "no table" in again.output
    assert said("--rows", "person", status=2)


def test_named_datasets_are_told(tmp_path) -> None:
    train.run()
    table = pd.DataFrame({"person": ["p41", "p42"], "x": [1, 2]})
    clew.open().dataset("people").commit(table, key=["person"])
    assert json.loads(said("--rows", "person=p41", "--json").stdout)["datasets"] == ["people"]


def test_what_was_erased_is_computed_anew() -> None:
    first = train.run()
    said("--rows", "person=p41", "--apply", "--reason", "x")
    second = train.run()
    pd.testing.assert_frame_equal(first.result[1], second.result[1])
    with pytest.raises(ClewError):
        clew.open().value("0" * 64)
