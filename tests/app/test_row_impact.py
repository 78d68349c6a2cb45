"""A row is followed from every table that holds it to models, versions and predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import clew
from clew.app.row_impact import row_impact
from clew.cli.main import main
from clew.errors import NotFound
from clew.registry import register


@clew.step
def people() -> pd.DataFrame:
    ages = np.arange(20, 60)
    return pd.DataFrame({"person": [f"p{age}" for age in ages], "age": ages, "pays": ages > 39})


@clew.step
def parts(people: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return people[people["age"] % 2 == 0], people[people["age"] % 2 == 1]


@clew.step
def fit(rows: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(rows[["age"]], rows["pays"])


@clew.step
def even(parts: tuple[pd.DataFrame, pd.DataFrame]) -> LogisticRegression:
    return LogisticRegression(C=2.0).fit(parts[0][["age"]], parts[0]["pays"])


@clew.step
def other() -> pd.DataFrame:
    return pd.DataFrame({"person": ["q1", "q2"], "age": [1, 2], "pays": [False, True]})


@clew.flow
def train():
    both = parts(people())
    return fit(people()), even(both), fit(other())


def test_everything_that_came_of_a_row_and_nothing_else() -> None:
    run = train.run()
    for at, name in enumerate(("whole", "even", "other")):
        register(clew.log_model(run.result[at], name, run=run.id), name)
    found = row_impact(clew.open(), "person", "p40")
    assert {one.rows for one in found.tables} == {1}
    assert len(found.tables) >= 2
    operations = [one.operation.rpartition(":")[2] for one in found.nodes]
    assert {"people", "parts", "fit", "even"} <= set(operations)
    assert "other" not in operations
    assert {one.name for one in found.versions} >= {"whole", "even"}
    assert found.unread == ()
    assert found.predictions == 0
    alone = row_impact(clew.open(), "person", "q1")
    assert {one.operation.rpartition(":")[2] for one in alone.nodes} >= {"other", "fit"}
    assert "people" not in {one.operation.rpartition(":")[2] for one in alone.nodes}
    with pytest.raises(NotFound, match="no table"):
        row_impact(clew.open(), "person", "p99")
    with pytest.raises(NotFound, match="no table"):
        row_impact(clew.open(), "nothing", "p40")


def test_the_command_asks_for_one_of_both() -> None:
    train.run()
    said = CliRunner().invoke(main, ["impact", "--row", "person=p41"])
    assert said.exit_code == 0, said.output
    assert "calls to repeat" in said.output
    for words in ([], ["x", "--row", "a=1"], ["--row", "person"]):
        assert CliRunner().invoke(main, ["impact", *words]).exit_code == 2
