"""Values and artifacts in the database itself."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from clew.adapters.blobs.objects import ObjectBlobs
from clew.adapters.stores.sql.open import open_postgres
from clew.errors import CorruptValue
from clew.testing.blob_store import SAMPLES, BlobStoreSuite
from clew.testing.records import value_id
from clew.testing.stream_store import StreamStoreSuite, receive

pytestmark = pytest.mark.slow


@pytest.fixture
def blobs(database: str) -> Iterator[ObjectBlobs]:
    with open_postgres(database) as store:
        from clew.adapters.blobs.postgres import PostgresObjects
        from clew.adapters.stores.sql.postgres.database import PostgresDatabase

        assert isinstance(store.database, PostgresDatabase)
        yield ObjectBlobs(PostgresObjects(store.database))


@pytest.fixture
def streams(blobs: ObjectBlobs) -> ObjectBlobs:
    return blobs


class TestValues(BlobStoreSuite):
    pass


class TestFiles(StreamStoreSuite):
    pass


def test_files_of_many_pieces_come_back_in_parts(blobs: ObjectBlobs) -> None:
    content = os.urandom(20 << 20)
    id, size = receive(blobs, content)
    assert size == len(content) == blobs.length(id)
    assert b"".join(blobs.stream(id)) == content
    for start, stop in ((5, 9_000_000), ((1 << 20) - 1, 1 << 20), (1 << 20, (2 << 20) + 1), (7, 7)):
        assert b"".join(blobs.stream(id, start, stop)) == content[start:stop]


def test_damage_is_set_aside(blobs: ObjectBlobs) -> None:
    id = value_id("x")
    blobs.put(id, SAMPLES[3])
    with blobs.objects._database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute(
            "UPDATE piece SET content = set_byte(content, 300, 255 - get_byte(content, 300))"
        )
    assert not blobs.is_intact(id)
    with pytest.raises(CorruptValue):
        blobs.get(id)
    assert not blobs.has(id)
