"""The vault: values with their members, stored once, found missing when any part is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.formats import FormatRegistry
from clew.errors import CorruptValue, NotFound
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.ports import Encoded
from clew.lineage.values import ValueVault

BIG = np.arange(20_000.0)
VALUE = ("pair", {"array": BIG})


class CountingCodecs(FormatRegistry):
    encoded = 0

    def encode(
        self, value: object, id: ValueId | None = None
    ) -> tuple[Encoded, Mapping[ValueId, object]]:
        self.encoded += 1
        return super().encode(value, id)


@pytest.fixture
def vault(tmp_path: Path) -> ValueVault:
    return ValueVault(LocalBlobs(tmp_path), CountingCodecs(trusted=False), fingerprint)


def file_of(vault: ValueVault, id: ValueId) -> Path:
    assert isinstance(vault.blobs, LocalBlobs)
    return vault.blobs.root / id.hex()[:2] / id.hex()[2:]


def test_a_value_is_stored_with_its_members(vault: ValueVault) -> None:
    id, size = vault.put(VALUE)
    assert id == fingerprint(VALUE)
    assert size == sum(stored for _, stored, _ in vault.blobs.ids()) > 0
    assert {stored for stored, _, _ in vault.blobs.ids()} == {id, fingerprint(BIG)}
    assert vault.stored_bytes(id) == size
    assert fingerprint(vault.get(id)) == id


def test_what_is_there_is_not_encoded_again(vault: ValueVault) -> None:
    first = vault.put(VALUE)
    codecs = vault.codecs
    assert isinstance(codecs, CountingCodecs)
    before = codecs.encoded
    assert vault.put(VALUE) == first
    assert codecs.encoded == before


def test_a_missing_member_makes_the_whole_missing(vault: ValueVault) -> None:
    id, size = vault.put(VALUE)
    vault.blobs.delete(fingerprint(BIG))
    assert not vault.has(id)
    with pytest.raises(NotFound):
        vault.get(id)
    assert vault.put(VALUE) == (id, size)
    assert vault.has(id)


def test_what_is_not_there_is_not_found(vault: ValueVault) -> None:
    assert not vault.has(fingerprint(1))
    with pytest.raises(NotFound):
        vault.get(fingerprint(1))


@pytest.mark.parametrize("member", [False, True])
def test_a_damaged_value_is_reported_once_and_stored_again(member: bool, vault: ValueVault) -> None:
    id, size = vault.put(VALUE)
    damaged = fingerprint(BIG) if member else id
    file_of(vault, damaged).write_bytes(b"damaged")
    if not member:
        with pytest.raises(CorruptValue):
            vault.get(id)
    assert not vault.has(id)
    assert vault.put(VALUE) == (id, size)
    assert fingerprint(vault.get(id)) == id


def test_bandwidth_is_measured(vault: ValueVault) -> None:
    before = vault.bandwidth.read_bytes_per_s, vault.bandwidth.write_bytes_per_s
    id, _ = vault.put(np.arange(200_000.0))
    vault.get(id)
    assert vault.bandwidth.read_bytes_per_s != before[0]
    assert vault.bandwidth.write_bytes_per_s != before[1]
