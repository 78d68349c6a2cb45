"""The SQLite store keeps the promises of its three ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.adapters.stores.sql import SqliteStore
from clew.testing.node_store import NodeStoreSuite
from clew.testing.run_store import RunStoreSuite
from clew.testing.value_index import ValueIndexSuite


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "graph.db") as opened:
        yield opened


class TestNodes(NodeStoreSuite):
    pass


class TestValues(ValueIndexSuite):
    pass


class TestRuns(RunStoreSuite):
    pass
