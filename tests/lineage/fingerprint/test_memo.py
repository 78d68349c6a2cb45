from __future__ import annotations

import gc

import numpy as np

from clew.lineage.fingerprint.memo import Memo, seal


def test_it_computes_once_for_a_living_unchanged_value():
    memo, array, calls = Memo(), np.zeros(10), []

    def compute():
        calls.append(1)
        return bytes([len(calls)])

    def look():
        return memo.digest(array, lambda: seal(array), compute)

    assert [look(), look()] == [b"\1", b"\1"]
    array[3] = 1
    assert [look(), look()] == [b"\2", b"\2"]
    array[3] = 0
    assert look() == b"\3", "one entry for each value, the newest"


def test_an_entry_dies_with_its_value():
    memo, array = Memo(), np.zeros(10)
    memo.keep(array, b"seal", b"digest", held=[1])
    assert len(memo) == 1
    del array
    gc.collect()
    assert len(memo) == 0


def test_a_new_value_at_an_old_address_is_another_value():
    memo = Memo()
    array = np.zeros(10)
    memo.keep(array, b"seal", b"digest")
    twin = np.zeros(10)
    memo._entries[id(twin)] = memo._entries[id(array)]
    assert memo.recall(array, b"seal") == b"digest"
    assert memo.recall(twin, b"seal") is None


def test_a_late_death_does_not_remove_a_newer_entry():
    memo, array = Memo(), np.zeros(10)
    memo.keep(array, b"old", b"1")
    dead = memo._entries[id(array)][0]
    memo.keep(array, b"new", b"2")
    memo._drop(id(array), dead)
    assert memo.recall(array, b"new") == b"2"
