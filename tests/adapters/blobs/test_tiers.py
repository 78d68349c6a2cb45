"""Memory over disk: the port's promises, what is written through, and what is spilled."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.adapters.blobs.local import LocalBlobs
from clew.lineage.cache.memory import MemoryTier
from clew.lineage.cache.tiers import TieredBlobs
from clew.lineage.ports import Encoded
from clew.testing.blob_store import BlobStoreSuite
from clew.testing.memory import MemoryBlobs
from clew.testing.records import value_id

MEGABYTE = 1 << 20


class TestTieredBlobs(BlobStoreSuite):
    @pytest.fixture(params=[0, 10 * MEGABYTE], ids=["no memory", "memory"])
    def blobs(self, tmp_path: Path, request: pytest.FixtureRequest) -> TieredBlobs:
        return TieredBlobs(LocalBlobs(tmp_path), request.param)

    def test_a_value_is_stored_once(self, blobs: TieredBlobs) -> None:
        id = value_id("x")
        blobs.put(id, encoded(10))
        blobs.put(id, encoded(10))
        assert len(list(blobs.ids())) == 1


def encoded(size: int) -> Encoded:
    return Encoded("plain", b"", (bytes(size),))


def test_without_a_cost_a_value_survives_the_process() -> None:
    below = MemoryBlobs()
    TieredBlobs(below, MEGABYTE).put(value_id("a"), encoded(10))
    assert below.has(value_id("a"))


def test_with_a_cost_it_stays_in_memory_until_it_has_to_leave() -> None:
    below = MemoryBlobs()
    tiers = TieredBlobs(below, MEGABYTE)
    tiers.put(value_id("dear"), encoded(MEGABYTE // 2), cost_s=5.0)
    tiers.put(value_id("cheap"), encoded(MEGABYTE // 2), cost_s=1e-9)
    assert not list(below.ids())
    tiers.put(value_id("dearest"), encoded(MEGABYTE), cost_s=100.0)
    assert below.has(value_id("dear"))  # five seconds of work: worth the writing
    assert not tiers.has(value_id("cheap"))  # computed faster than it is read
    assert tiers.get(value_id("dear")) is not None


def test_flush_writes_what_is_worth_it() -> None:
    below = MemoryBlobs()
    tiers = TieredBlobs(below, MEGABYTE)
    tiers.put(value_id("dear"), encoded(1000), cost_s=5.0)
    tiers.put(value_id("cheap"), encoded(100_000), cost_s=1e-9)
    tiers.flush()
    assert [id for id, _, _ in below.ids()] == [value_id("dear")]


def test_memory_stays_within_its_budget() -> None:
    tier = MemoryTier(10_000)
    for number in range(50):
        tier.put(value_id(str(number)), encoded(900), cost_s=1.0 + number)
        assert tier.size_bytes <= 10_000
        assert sum(kept.size_bytes for _, kept in tier.kept()) == tier.size_bytes


def test_what_lies_in_memory_is_private() -> None:
    source = bytearray(b"before")
    tier = MemoryTier(1000)
    tier.put(value_id("a"), Encoded("plain", b"", (memoryview(source),)), cost_s=1.0)
    source[:] = b"after!"
    found = tier.get(value_id("a"))
    assert found is not None and bytes(found.buffers[0]) == b"before"
    assert memoryview(found.buffers[0]).readonly
