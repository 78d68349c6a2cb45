"""Planted rows are found by the family that can see them, with the columns that carry them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import clew
from clew.cli.main import main
from clew.data.outliers import FAMILIES, find_outliers
from clew.errors import InvalidParameter


def table(seed: int = 0, rows: int = 1000) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    height = draw.normal(170, 8, rows)
    return pd.DataFrame(
        {
            "id": [f"p{at}" for at in range(rows)],
            "height": height,
            "weight": height - 100 + draw.normal(0, 5, rows),
            "town": draw.choice(["Oslo", "Rome", "Bern"], rows),
            "born": pd.Timestamp("1980-01-01") + pd.to_timedelta(draw.integers(0, 9000, rows), "D"),
            "planet": "Earth",
        }
    )


def test_each_kind_of_oddity_is_found() -> None:
    frame = table()
    frame.loc[11, "weight"] = 700.0
    frame.loc[22, "town"] = "Atlantis"
    frame.loc[33, ["height", "weight"]] = [188.0, 52.0]
    frame.loc[44, "born"] = pd.Timestamp("1720-01-01")
    found = find_outliers(frame, most=12)
    by_row = {one.row: one for one in found.rows}
    assert {11, 22, 33, 44} <= set(by_row)
    assert by_row[11].columns[0] == "weight"
    assert by_row[22].columns[0] == "town"
    assert by_row[44].columns[0] == "born"
    assert {"density", "projection"} & set(by_row[33].families)
    assert set(found.left_out) == {"id", "planet"}
    assert found.rows[0].row in (11, 22, 44)
    assert all(0 <= one.score <= 1 for one in found.rows)


def test_families_point_at_the_share_that_was_asked_for() -> None:
    found = find_outliers(table(1), share=0.02, most=1000)
    for family in FAMILIES:
        assert 20 <= sum(family in one.families for one in found.rows) <= 40
    votes = [len(one.families) for one in found.rows]
    assert votes == sorted(votes, reverse=True)
    alone = find_outliers(table(1), families=["spread"])
    assert list(alone.scores) == ["spread"]


def test_the_same_rows_are_found_again_and_in_any_order() -> None:
    frame = table(2)
    first = find_outliers(frame)
    assert first.rows == find_outliers(frame).rows
    order = np.random.default_rng(0).permutation(len(frame))
    turned = find_outliers(frame.iloc[order], families=["spread", "projection"])
    plain = find_outliers(frame, families=["spread", "projection"])
    assert {int(order[one.row]) for one in turned.rows} == {one.row for one in plain.rows}


def test_gaps_and_infinities_are_no_trouble() -> None:
    frame = table(3, 200)
    frame.loc[::7, "height"] = np.nan
    frame.loc[5, "weight"] = np.inf
    frame.loc[::11, "town"] = None
    found = find_outliers(frame, most=3)
    assert 5 in {one.row for one in found.rows}
    assert all(np.isfinite(one).all() for one in found.scores.values())


def test_large_tables_are_learned_on_some_of_their_rows() -> None:
    frame = table(4, 12_000).drop(columns=["id", "born"])
    frame.loc[123, ["height", "weight"]] = [190.0, 50.0]
    found = find_outliers(frame, share=0.001, families=["density", "projection"])
    assert 123 in {one.row for one in found.rows}


@pytest.mark.parametrize(
    ("frame", "options", "told"),
    [
        (table(rows=10), {}, "so few rows"),
        (table()[["id", "planet"]], {}, "no column says anything"),
        (table(), {"share": 0}, "families, share"),
        (table(), {"families": ["guess"]}, "families, share"),
    ],
)
def test_what_cannot_be_asked_is_told(frame: pd.DataFrame, options: dict, told: str) -> None:
    with pytest.raises(InvalidParameter, match=told):
        find_outliers(frame, **options)


def test_on_the_command_line_they_are_kept_as_a_node(tmp_path: Path) -> None:
    frame = table()
    frame.loc[11, "weight"] = 700.0
    frame.to_parquet(tmp_path / "t.parquet")
    words = ["data", "outliers", str(tmp_path / "t.parquet"), "--most", "5", "--json"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["outliers"][0]["row"] == 11
    kept = clew.open().value(found["node"])
    assert kept[0][0] == 11
    shown = CliRunner().invoke(main, words[:-1])
    assert "weight" in shown.stdout
