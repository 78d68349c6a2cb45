"""The PostgreSQL store keeps the promises of its three ports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clew.adapters.stores.sql.open import open_postgres
from clew.adapters.stores.sql.store import SqlStore
from clew.testing.node_store import NodeStoreSuite
from clew.testing.run_store import RunStoreSuite
from clew.testing.value_index import ValueIndexSuite

pytestmark = pytest.mark.slow


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    with open_postgres(database) as opened:
        yield opened


class TestNodes(NodeStoreSuite):
    pass


class TestValues(ValueIndexSuite):
    pass


class TestRuns(RunStoreSuite):
    pass
