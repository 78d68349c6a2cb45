"""Feature views in the store: one definition, for training and for serving."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import clew
from clew.app.features import Features
from clew.cli.main import main
from clew.data.features import FeatureView
from clew.errors import InvalidParameter, InvalidState, NotFound

NOW = time.time()
FACTS = {"id": [1, 1, 2], "t": [NOW - 90, NOW - 50, NOW - 10], "x": ["old", "new", "b"]}


def view(**changes: object) -> FeatureView:
    parts = {"name": "v", "entities": ("id",), "features": ("x",), "event_time": "t"}
    return FeatureView(**parts | changes)  # type: ignore[arg-type]


@pytest.fixture
def features() -> Features:
    found = clew.open().features("v")
    found.define(view())
    return found


def test_serving_gives_what_training_saw(features: Features) -> None:
    node = features.materialize(FACTS)
    trained = features.history({"id": [1, 2, 3], "time": [NOW] * 3}, FACTS)
    keys = [{"id": 1}, {"id": 2}, {"id": 3, "more": 0}]
    assert [row["x"] for row in features.get_online(keys)] == trained["x"].to_pylist()
    fresh = features.freshness()
    assert fresh.entities == 2
    assert 0 <= fresh.materialized_s < fresh.newest_s < fresh.oldest_s  # type: ignore[operator]
    edges = {edge.name for edge in clew.open().node(node).inputs}
    assert edges == {"view", "table", "at_ns"}
    other = clew.open().features("v")
    features.materialize({"id": [1], "t": [NOW - 1], "x": ["newest"]})
    assert other.get_online([{"id": 1}]) == [{"x": "newest"}]


def test_old_values_are_not_served(features: Features) -> None:
    features.define(view(ttl_s=1800.0))
    with pytest.raises(InvalidState, match="never materialized"):
        features.get_online([{"id": 1}])
    now = time.time()
    features.materialize({"id": [1, 2], "t": [now - 3600, now], "x": ["a", "b"]})
    assert features.get_online([{"id": 1}, {"id": 2}]) == [{"x": None}, {"x": "b"}]


def test_what_is_wrong_is_told(features: Features) -> None:
    with pytest.raises(NotFound):
        clew.open().features("w").history({}, FACTS)
    with pytest.raises(InvalidParameter):
        features.define(view(name="w"))
    features.materialize(FACTS)
    with pytest.raises(InvalidState, match="later time"):
        features.materialize(FACTS, at_s=NOW - 1000)
    with pytest.raises(InvalidParameter, match="lacks an entity"):
        features.get_online([{"key": 1}])
    assert features.get_online([{"id": 2}]) == [{"x": "b"}]


def test_on_the_command_line(tmp_path: Path) -> None:
    pd.DataFrame(FACTS).to_csv(tmp_path / "facts.csv", index=False)
    pd.DataFrame({"id": [1], "at": [NOW - 60]}).to_csv(tmp_path / "rows.csv", index=False)

    def call(*words: object) -> str:
        done = CliRunner().invoke(main, ["data", "features", *map(str, words)])
        assert done.exit_code == 0, done.output
        return done.stdout

    call("define", "v", "--entity", "id", "--feature", "x", "--event-time", "t")
    rows = (tmp_path / "facts.csv", tmp_path / "rows.csv")
    call("history", "v", *rows, "--time", "at", "--out", tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv")["x"].tolist() == ["old"]
    assert call("materialize", "v", tmp_path / "facts.csv") == "v: 2 entities\n"
    assert json.loads(call("get", "v", "id=1")) == {"x": "new"}
