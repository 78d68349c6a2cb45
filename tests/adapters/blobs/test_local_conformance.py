"""Local files and the blob store in memory keep the promises of the port."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.adapters.blobs.local import LocalBlobs
from clew.testing.blob_store import BlobStoreSuite
from clew.testing.memory import MemoryBlobs


class TestLocalBlobs(BlobStoreSuite):
    @pytest.fixture(params=[False, True], ids=["process", "power-loss"])
    def blobs(self, tmp_path: Path, request: pytest.FixtureRequest) -> LocalBlobs:
        return LocalBlobs(tmp_path / "values", durable=request.param)


class TestMemoryBlobs(BlobStoreSuite):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()
