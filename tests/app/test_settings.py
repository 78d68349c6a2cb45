"""Where the store is and how steps run: first found wins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import clew
from clew.app.settings import load
from clew.errors import InvalidParameter, MissingExtra


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.delenv("CLEW_STORE")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_the_store_is_here(here: Path) -> None:
    assert load().store == here / ".clew"


def test_an_existing_store_above_is_found(here: Path) -> None:
    (here / ".clew").mkdir()
    deep = here / "a" / "b"
    deep.mkdir(parents=True)
    assert load(deep).store == here / ".clew"


def test_a_file_of_settings_above_is_found(here: Path) -> None:
    (here / "clew.toml").write_text('[store]\npath = "place"\n[engine]\nworkers = 3\n')
    deep = here / "a"
    deep.mkdir()
    found = load(deep)
    assert (found.store, found.workers, found.engine) == (here / "place", 3, "inline")


def test_the_environment_wins_over_the_file(here: Path, monkeypatch) -> None:
    (here / "clew.toml").write_text('[store]\npath = "place"\n[engine]\nkind = "threads"\n')
    monkeypatch.setenv("CLEW_STORE", str(here / "other"))
    monkeypatch.setenv("CLEW_ENGINE", "processes")
    monkeypatch.setenv("CLEW_WORKERS", "5")
    found = load()
    assert (found.store, found.engine, found.workers) == (here / "other", "processes", 5)


def test_a_store_may_be_a_servers(here: Path, monkeypatch) -> None:
    (here / "clew.toml").write_text('[store]\npath = "http://there:5080/"\n')
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "clew_b")
    found = load()
    assert (found.server, found.token, found.trusted) == ("http://there:5080", "clew_b", False)
    assert found.store.name == "there-5080"
    monkeypatch.setenv("CLEW_TOKEN", "clew_a")
    monkeypatch.setenv("CLEW_STORE", "https://other/clew")
    found = load()
    assert (found.server, found.token) == ("https://other/clew", "clew_a")
    found = load(store="mine")  # An argument wins over both.
    assert (found.server, found.token, found.trusted) == (None, None, True)
    assert found.store == here / "mine"


def test_a_store_may_be_a_databases(here: Path, monkeypatch) -> None:
    address = "postgresql://me:secret@db.example:5433/lab?schema=ours"
    monkeypatch.setenv("CLEW_STORE", address)
    found = load()
    assert (found.server, found.database, found.trusted) == (None, address, False)
    assert found.store.name == "me-db.example-5433-lab-schema-ours"
    assert "secret" not in repr(found)
    with pytest.raises(InvalidParameter, match="schema") as refused:
        load(store="postgresql://me:secret@db/lab?schema=a;b")
    assert "secret" not in str(refused.value)
    assert load(store="mine").database is None


def test_a_database_without_its_library_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"clew\[postgres\]"):
        clew.open("postgresql://me@127.0.0.1:1/lab")


def test_an_argument_wins_over_everything(here: Path, monkeypatch) -> None:
    monkeypatch.setenv("CLEW_STORE", str(here / "other"))
    assert load(store="mine").store == here / "mine"
    assert clew.open(here / "third").path == here / "third"


@pytest.mark.parametrize(
    "text",
    [
        "[store]\ncolour = 1\n",
        "[nothing]\na = 1\n",
        '[engine]\nkind = "cluster"\n',
        "[engine]\nworkers = 0\n",
        '[engine]\nworkers = "many"\n',
        '[store]\ndurability = "perhaps"\n',
        '[store]\ntrusted = "no"\n',
        "[store]\npath = 3\n",
        '[store]\npath = "\\u0000"\n',
        '[store]\nbudget_gb = "much"\n',
        "[store]\nbudget_gb = -1\n",
        "[store]\nmemory_mb = nan\n",
        '[resources]\ngpu = "one"\n',
        "not toml",
        "store = 3\n",
    ],
)
def test_settings_that_make_no_sense_are_refused(here: Path, text: str) -> None:
    (here / "clew.toml").write_text(text)
    with pytest.raises(InvalidParameter):
        load()


def test_steps_use_the_store_of_the_place_where_they_are_called(here: Path, monkeypatch) -> None:
    step = clew.step(lambda x: x)
    for place in ("a", "b"):
        (here / place).mkdir()
        monkeypatch.chdir(here / place)
        step(1)
        assert step.last.decision == "computed"
        assert (here / place / ".clew" / "clew.db").exists()
    step(1)
    assert step.last.decision == "reused"


def test_a_store_that_anybody_could_have_put_there_does_not_count(tmp_path, monkeypatch):
    monkeypatch.delenv("CLEW_STORE", raising=False)
    inner = tmp_path / "shared" / "mine"
    inner.mkdir(parents=True)
    (tmp_path / "shared" / ".clew").mkdir()
    monkeypatch.chdir(inner)
    assert load().store == tmp_path / "shared" / ".clew"
    (tmp_path / "shared").chmod(0o777)
    assert load().store == inner / ".clew"
