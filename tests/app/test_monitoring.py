"""Stored predictions are judged by windows; labels come late; alerts are nodes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import clew
from clew.app.debugging.report import debug
from clew.app.monitoring import alerts, monitor
from clew.app.serving import writer_of
from clew.app.tracking import tracking_of
from clew.cli.main import main
from clew.errors import NotFound
from clew.lineage.ulid import ulid_number, ulid_of
from clew.registry import register
from clew.serve.journal.frame import Batch, Said
from clew.serve.journal.write import Ulids

ROWS = 300


def drawn(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"age": random.normal(40, 10, rows), "height": random.normal(170, 8, rows)})


@pytest.fixture
def model() -> LogisticRegression:
    rows = drawn(2000, 0)
    fitted = LogisticRegression(max_iter=500).fit(rows, (rows["age"] > 40).astype(int))
    with clew.run():
        register(clew.log_model(fitted, "m", input_example=rows), "line")
    return fitted


def ask(model: LogisticRegression, rows: pd.DataFrame) -> list[str]:
    """Put predictions into the journal, as a server does; return their ids."""
    store = clew.open()
    content = tracking_of(store.runtime).versions.get("line", 1).content or ""
    writer = writer_of(store)
    time_ms, first = Ulids().take(len(rows))
    entry = Batch(
        time_ms,
        first.to_bytes(16),
        "line",
        "1",
        content,
        tuple(rows.columns),
        [tuple(row) for row in rows.astype(object).where(rows.notna(), None).to_numpy().tolist()],
        model.predict(rows.fillna(0)).tolist(),
        None,
        0.001,
    )
    writer.append(entry)
    writer.close()
    return [ulid_of(first + at) for at in range(len(rows))]


def label(ids: list[str], truths: list[int]) -> None:
    writer = writer_of(clew.open())
    for number, (id, truth) in enumerate(zip(ids, truths, strict=True)):
        now_ms = time.time_ns() // 1_000_000 + number
        writer.append(Said(now_ms, ulid_of(ulid_number(id) + 7), id, truth, None))
    writer.close()


def test_drift_and_late_labels(model: LogisticRegression) -> None:
    first = drawn(ROWS, 1)
    ids = ask(model, first)
    ask(model, drawn(ROWS, 2).assign(height=lambda rows: rows["height"] / 100))
    late = drawn(ROWS, 3)
    last = ask(model, late)
    ask(model, drawn(ROWS // 2, 4))  # A window that is not full is not judged.
    store = clew.open()
    found = monitor(store, "line", rows=ROWS)
    assert [[one.kind for one in window.alerts] for window in found] == [[], ["drift"], []]
    assert found[1].alerts[0].columns == ("height",)
    assert [one.labels for one in found] == [0, 0, 0]
    label(ids, (first["age"] > 40).astype(int).tolist())
    label(last[:100], (late["age"] < 40).astype(int).tolist()[:100])
    again = monitor(store, "line", rows=ROWS)
    assert [[one.kind for one in window.alerts] for window in again] == [[], ["drift"], ["quality"]]
    assert [one.labels for one in again] == [ROWS, 0, 100]
    assert again[2].wrong is not None
    assert again[2].wrong[1] > 0.9
    node = store.node(again[2].node or "")
    predictions = next(edge.value for edge in node.inputs if edge.name == "predictions")
    assert store.runtime.vault.get(predictions) == last
    kept = alerts(store)
    assert {one["node"] for one in kept} == {again[1].node, again[2].node}
    assert {one["alerts"][0]["kind"] for one in kept} == {"drift", "quality"}


def test_the_command_says_what_changed(model: LogisticRegression) -> None:
    ask(model, drawn(ROWS, 1))
    words = ["monitor", "line", "--rows", str(ROWS)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    rows = drawn(ROWS, 2)
    ask(model, rows.assign(age=rows["age"].where(np.arange(ROWS) % 8 > 0)))
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 3, done.output
    assert "drift: age" in done.output
    done = CliRunner().invoke(main, [*words, "--json"])
    assert json.loads(done.stdout)[1]["alerts"][0]["columns"] == ["age"]


CHECKS = """
import clew
from clew.debug.assertions import consistent


@clew.assertion
def grown(row, answer):
    return answer == 1 and row["age"] < 45


same = consistent("age")
"""


def test_assertions_on_stored_predictions(
    model: LogisticRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "checks_of_line.py").write_text(CHECKS)
    file = str(tmp_path / "checks_of_line.py")
    rows = drawn(ROWS, 1)
    ids = ask(model, rows)
    violated = np.flatnonzero((model.predict(rows) == 1) & (rows["age"] < 45))
    done = CliRunner().invoke(main, ["assertions", file, "line", "--choose", "5", "--json"])
    assert done.exit_code == 3, done.output
    found = json.loads(done.stdout)
    assert found["fired"] == {"grown": len(violated), "one answer for each age": 0}
    assert set(found["worst"]) == {ids[at] for at in violated}
    assert len(set(found["to_label"])) == 5
    assert set(found["to_label"]) <= set(found["worst"])
    assert clew.open().value(found["node"])["fired"] == found["fired"]
    ask(model, drawn(ROWS, 2).assign(age=lambda rows: 42 + (rows["age"] - 40) / 100))
    done = CliRunner().invoke(main, ["monitor", "line", "--rows", str(ROWS), "--assertions", file])
    assert done.exit_code == 3, done.output
    assert "assertion: grown" in done.output


def test_assertions_on_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "checks_of_rows.py").write_text(CHECKS)
    (tmp_path / "empty_checks.py").write_text("a = 1")
    rows = pd.DataFrame({"age": [50, 50, 50, 20], "answer": [1, 1, 0, 0]})
    rows.assign(id=range(4)).to_csv(tmp_path / "rows.csv", index=False)
    file = str(tmp_path / "checks_of_rows.py")
    words = ["assertions", file, "--rows", str(tmp_path / "rows.csv")]
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 3, done.output
    found = json.loads(done.stdout)
    assert found["fired"] == {"grown": 0, "one answer for each age": 1}
    assert found["corrections"] == {"2": 1}
    assert "one answer for each age" in CliRunner().invoke(main, words).output
    words[1] = str(tmp_path / "empty_checks.py")
    assert "has no assertions" in CliRunner().invoke(main, words).output
    assert CliRunner().invoke(main, words[:2]).exit_code == 2


def test_what_was_never_asked_is_told() -> None:
    with pytest.raises(NotFound, match="no predictions"):
        monitor(clew.open(), "line")


def test_a_report_shows_what_was_answered_beside_the_test(model, tmp_path: Path) -> None:
    later = drawn(ROWS, 5).assign(age=lambda rows: rows["age"] + 15)
    ids = ask(model, later)
    label(ids[:100], (later["age"] > 40).astype(int).tolist()[:100])
    files = {}
    for part, seed in (("train", 0), ("test", 1)):
        rows = drawn(600, seed)
        files[part] = tmp_path / f"{part}.parquet"
        rows.assign(old=(rows["age"] > 40).astype(int)).to_parquet(files[part])
    found = debug(clew.open(), "line/1", files, target="old").report.document
    assert found["parts"][-1] == {"name": "production", "rows": ROWS, "labelled": 100}
    assert found["scores"]["production"]["accuracy"]["value"] > 0.9
    shift = {one["part"]: one for one in found["shift"]}
    assert shift["production"]["columns"][0]["column"] == "age"
    assert found["judged"] == "test"
