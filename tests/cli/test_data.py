"""`clew data`: from files to what is kept as a node."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import clew
from clew.cli.main import main


@pytest.fixture
def files(tmp_path: Path) -> Path:
    good = pd.DataFrame({"age": [20 + i % 40 for i in range(600)], "city": ["Oslo", "Rome"] * 300})
    good.to_parquet(tmp_path / "good.parquet")
    good.assign(age=good["age"].mask(good.index == 5, -1)).to_csv(tmp_path / "new.csv", index=False)
    return tmp_path


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, words)])


def test_a_schema_is_written_and_kept(files: Path) -> None:
    done = call("schema", files / "good.parquet", "--out", files / "schema.json", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["schema"]["columns"][0]["low"] == 20
    node = clew.open().node(found["node"])
    assert [edge.name for edge in node.inputs] == ["table"]
    assert clew.open().value(found["node"])["rows"] == 600
    assert json.loads((files / "schema.json").read_text())["rows"] == 600
    assert call("schema", files / "good.parquet").stdout == (files / "schema.json").read_text()


def test_what_is_wrong_is_told_and_kept(files: Path) -> None:
    call("schema", files / "good.parquet", "--out", files / "schema.json")
    words = ("validate", files / "new.csv", "--schema", files / "schema.json")
    done = call(*words, "--like", files / "good.parquet", "--json")
    assert done.exit_code == 3, done.output
    found = json.loads(done.stdout)
    assert [(one["kind"], one["rows"]) for one in found["anomalies"]] == [
        ("INT_TYPE_SMALL_INT", [5])
    ]
    node = clew.open().node(found["node"])
    assert {edge.name for edge in node.inputs} == {"table", "schema", "alpha", "like"}
    assert "error INT_TYPE_SMALL_INT age: values lie below" in call(*words).stdout
    good = call("validate", files / "good.parquet", "--schema", files / "schema.json")
    assert (good.exit_code, good.stdout) == (0, "nothing found\n")


def test_what_changed_is_told(files: Path) -> None:
    table = pd.read_parquet(files / "good.parquet")
    table.assign(city="Oslo").to_parquet(files / "other.parquet")
    done = call("drift", files / "good.parquet", files / "other.parquet")
    assert done.exit_code == 3
    assert "COMPARATOR_L_INFTY_HIGH city" in done.stdout
    assert call("drift", files / "good.parquet", files / "good.parquet").exit_code == 0


def test_a_file_that_is_no_schema_is_an_error(files: Path) -> None:
    done = call("validate", files / "new.csv", "--schema", files / "new.csv")
    assert done.exit_code == 1
    assert "holds no schema" in done.output
    assert call("schema", files / "none.csv").exit_code == 1


def test_repairs_are_found_reviewed_applied_and_taken_out(files: Path) -> None:
    rows = pd.DataFrame({"zip": ["1a", "2b", "3c"] * 80, "city": ["Oslo", "Rome", "Bern"] * 80})
    rows.loc[[6, 10], "city"] = ["Osslo", "Oslo"]
    dirty, found = files / "dirty.csv", files / "repairs.jsonl"
    rows.to_csv(dirty, index=False)
    done = call("repair", dirty, "--out", found, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(one["repair"]["row"], one["repair"]["new"]) for one in told] == [
        (6, "Oslo"),
        (10, "Rome"),
    ]
    assert clew.open().value(told[0]["node"])["old"] == "Osslo"
    found.write_text(found.read_text().splitlines()[0] + "\n")
    applied = call("apply", dirty, found, "--out", files / "fixed.csv", "--json")
    assert applied.exit_code == 0, applied.output
    fixed = rows.assign(city=rows["city"].replace("Osslo", "Oslo"))
    assert pd.read_csv(files / "fixed.csv").equals(fixed)
    node = clew.open().node(json.loads(applied.stdout)["node"])
    assert {edge.name for edge in node.inputs} == {"table", "repairs", "revert"}
    call("apply", files / "fixed.csv", found, "--out", files / "again.csv", "--revert")
    assert pd.read_csv(files / "again.csv").equals(rows)


def test_a_table_that_is_not_the_repaired_one_is_left_as_it_is(files: Path) -> None:
    found = files / "repairs.jsonl"
    found.write_text('{"row":0,"column":"city","old":"Bern","new":"Oslo","confidence":1.0}\n')
    out = files / "fixed.csv"
    out.write_text("as before\n")
    assert call("apply", files / "good.parquet", found, "--out", out).exit_code == 1
    assert call("apply", files / "good.parquet", found, "--out", files / "fixed.txt").exit_code == 1
    assert out.read_text() == "as before\n"
    assert "nothing to repair" in call("repair", files / "good.parquet").stdout


def test_a_dataset_goes_through_its_life_on_the_command_line(files: Path) -> None:
    rows = pd.DataFrame({"id": [1, 2, 3], "city": ["Oslo", "Rome", "Bern"]})
    rows.to_csv(files / "one.csv", index=False)
    rows.assign(city=["Oslo", "Roma", "Bern"])[:2].to_csv(files / "two.csv", index=False)
    first = call("commit", "cities", files / "one.csv", "--key", "id", "-m", "as it came")
    assert first.stdout == "cities: version 1, 3 rows: 3 added, 0 deleted, 0 changed\n"
    second = call("commit", "cities", files / "two.csv", "--json")
    assert json.loads(second.stdout)["parents"] == [1]
    assert call("tag", "cities@1", "raw").stdout == "cities@raw: version 1\n"
    shown = call("diff", "cities@raw").stdout
    assert shown == "~ row 1 city: Rome -> Roma\n- id=3 city=Bern\n"
    assert json.loads(call("diff", "cities@1", "2", "--json").stdout)["counts"] == {
        "added": 0,
        "deleted": 1,
        "changed": 1,
    }
    assert call("branch", "cities@raw", "more").exit_code == 0
    longer = pd.concat([rows, pd.DataFrame({"id": [4], "city": ["Graz"]})])
    longer.to_csv(files / "three.csv", index=False)
    assert call("commit", "cities", files / "three.csv", "--branch", "more").exit_code == 0
    assert call("merge", "cities@more").stdout.startswith("cities: version 4, 3 rows: 1 added")
    call("checkout", "cities", "--out", files / "now.parquet")
    now = pd.read_parquet(files / "now.parquet")
    assert now["city"].tolist() == ["Oslo", "Roma", "Graz"]
    assert call("rows", "cities", "1", "2").stdout == "1 rows, by checkouts\n"
    log = call("log", "cities").stdout
    assert "raw" in log and "as it came" in log
    assert call("log").stdout == "cities\n"
    assert call("checkout", "cities@9", "--out", files / "x.csv").exit_code == 1
    assert call("commit", "../up", files / "one.csv").exit_code == 1
