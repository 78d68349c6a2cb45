"""A store that this user may not write is read as ever, and says clearly that it takes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import clew
from clew.adapters.stores.sql import SqliteStore
from clew.adapters.stores.sql.sqlite import place
from clew.app import wiring
from clew.cli.main import main
from clew.errors import StoreError
from tests.adapters.stores.old_databases import restore


@clew.step
def rows(n: int) -> list[int]:
    return list(range(n))


@clew.step
def total(values: list[int]) -> int:
    return sum(values)


@clew.flow
def flow(n: int = 2000) -> int:
    return total(rows(n))


def reopen() -> None:
    for runtime in wiring._open.values():
        runtime.store.close()  # type: ignore[attr-defined]
    wiring._open.clear()
    wiring._places.clear()


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a store with one run, which this user may not write (root may write anything)."""
    monkeypatch.setenv("CLEW_STORE", str(tmp_path / "store"))
    reopen()
    assert flow() == sum(range(2000))
    reopen()
    real = os.access
    monkeypatch.setattr(place.os, "access", lambda p, mode: mode != os.W_OK and real(p, mode))
    before = contents(tmp_path)
    yield tmp_path / "store"
    reopen()
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_everything_can_be_read(read_only: Path) -> None:
    store = clew.open()
    assert [use.decision for use in store.uses()] == ["computed", "computed"]
    assert store.value("last") == sum(range(2000))
    assert store.value("last:rows") == list(range(2000))
    assert len(store.lineage("last").nodes) >= 2
    assert store.why("last", "total")
    assert store.fsck().is_sound
    assert store.sql("SELECT count(*) FROM runs").rows == ((1,),)


@pytest.mark.parametrize("command", ["runs", "show last", "why last", "lineage last"])
def test_commands_that_read(
    read_only: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(command.split(), standalone_mode=True)
    assert end.value.code in (0, None)
    assert capsys.readouterr().out


def test_a_write_says_what_to_do(read_only: Path) -> None:
    with pytest.raises(StoreError, match="read-only") as caught:
        flow(n=3)
    assert "write access" in str(caught.value)
    with pytest.raises(StoreError, match="read-only"):
        rows(4)


def test_an_older_store_cannot_be_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restore(1, tmp_path / "clew.db")
    monkeypatch.setattr(place.os, "access", lambda *_: False)
    with pytest.raises(StoreError, match="read-only") as caught:
        SqliteStore(tmp_path / "clew.db")
    assert "older schema" in str(caught.value)
