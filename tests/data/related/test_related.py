"""Sketches: estimates near the truth, merges that are the whole, tables that belong together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import clew
from clew.app.datasets.related import joinable_with, similar_to, sketches
from clew.cli.main import main
from clew.data.related import joinable, similar, sketched
from clew.data.related.match import contained, jaccard
from clew.data.related.sketch import SIZE

VALUES = st.lists(st.one_of(st.none(), st.integers(-50, 50).map(str)), min_size=1, max_size=60)


@given(VALUES, VALUES)
def test_small_columns_are_known_exactly(left: list[str | None], right: list[str | None]) -> None:
    (one,), (other,) = sketched({"c": left}), sketched({"c": right})
    a, b = set(left) - {None}, set(right) - {None}
    assert one.distinct == len(a)
    assert one.missing == left.count(None)
    assert jaccard(one, other) == pytest.approx(len(a & b) / len(a | b) if a and b else 0.0)
    assert jaccard(one, other) == jaccard(other, one)
    if a & b:
        assert contained(one, other) == pytest.approx(len(a & b) / len(a))
    (whole,) = sketched({"c": left + right})
    merged = one.merged(other)
    assert (merged.hashes == whole.hashes).all()
    assert (merged.rows, merged.missing) == (whole.rows, whole.missing)


@pytest.mark.parametrize(("shared", "alone"), [(3000, 3000), (9000, 1000), (500, 40_000)])
def test_large_columns_are_estimated(shared: int, alone: int) -> None:
    both = [f"v{i}" for i in range(shared)]
    left = both + [f"a{i}" for i in range(alone)]
    right = both + [f"b{i}" for i in range(2 * alone)]
    (one,), (other,) = sketched({"c": left}), sketched({"c": right})
    assert len(one.hashes) == SIZE
    assert one.distinct == pytest.approx(len(left), rel=0.15)
    assert jaccard(one, other) == pytest.approx(shared / (shared + 3 * alone), abs=0.07)
    assert contained(one, other) == pytest.approx(shared / len(left), abs=0.15)
    halves = sketched({"c": left[::2]})[0].merged(sketched({"c": left[1::2]})[0])
    assert (halves.hashes == one.hashes).all()


def test_numbers_and_their_texts_are_one_and_gaps_are_none() -> None:
    (whole,) = sketched({"c": [1, 2, 3]})
    (floats,) = sketched({"c": [1.0, 2.0, 3.0, float("nan")]})
    (texts,) = sketched({"c": [" 1", "2", "3 "]})
    (times,) = sketched({"c": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    assert jaccard(whole, floats) == jaccard(whole, texts) == 1.0
    assert floats.missing == 1
    assert (whole.is_key, floats.is_key) == (True, False)
    assert jaccard(times, texts) == 0.0
    (lists,) = sketched({"c": [[1], [2]]})
    assert lists.kind == "other"
    assert jaccard(lists, lists) == 0.0


def tables() -> dict[str, pd.DataFrame]:
    draw = np.random.default_rng(0)
    people = pd.DataFrame(
        {"id": np.arange(900), "town": draw.choice(["Oslo", "Rome", "Bern"], 900)}
    )
    orders = pd.DataFrame(
        {"order": np.arange(10_000, 13_000), "person": draw.integers(0, 900, 3000)}
    )
    newer = people.iloc[100:].assign(town=lambda rows: rows["town"].str.upper())
    noise = pd.DataFrame({"x": draw.normal(size=500)})
    return {"people": people, "orders": orders, "people2": newer, "noise": noise}


def test_what_belongs_together_is_found() -> None:
    found = {name: sketched(table) for name, table in tables().items()}
    people = found.pop("people")
    alike = similar(people, found)
    assert alike[0].name == "people2"
    assert (alike[0].pairs[0].column, alike[0].pairs[0].other) == ("id", "id")
    assert "noise" not in {one.name for one in alike}
    orders = found.pop("orders")
    joins = joinable(orders, {"people": people, **found})
    assert (joins[0].column, joins[0].name, joins[0].other) == ("person", "people", "id")
    assert joins[0].contained == pytest.approx(1.0, abs=0.05)
    assert joins[0].is_key
    assert all(one.name != "noise" for one in joins)


def test_of_datasets_in_the_store_each_is_sketched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store = clew.open()
    for name, table in tables().items():
        store.dataset(name).commit(table, message="first")
    assert similar_to(store, "people")[0].name == "people2"
    first = sketches(store, "people")
    from clew.app.datasets import related

    def never(_: object) -> None:
        raise AssertionError("sketched again")

    monkeypatch.setattr(related, "sketched", never)
    again = sketches(store, "people")
    for one, other in zip(first, again, strict=True):
        assert (one.hashes == other.hashes).all()
        assert (one.name, one.kind, one.rows) == (other.name, other.kind, other.rows)
    assert joinable_with(store, "orders")[0].name == "people"
    monkeypatch.undo()
    changed = tables()["people"].assign(town="Oslo")
    store.dataset("people").commit(changed)
    assert sketches(store, "people")[1].distinct == 1
    assert sketches(store, "people", "1")[1].distinct == 3


def test_on_the_command_line() -> None:
    store = clew.open()
    for name, table in tables().items():
        store.dataset(name).commit(table)
    done = CliRunner().invoke(main, ["data", "joinable", "orders", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["other"] == "id"
    shown = CliRunner().invoke(main, ["data", "similar", "people"])
    assert "people2" in shown.stdout
    missing = CliRunner().invoke(main, ["data", "similar", "nobody"])
    assert missing.exit_code == 1
