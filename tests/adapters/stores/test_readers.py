"""Connections to read with, under a limit."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.readers import Readers


class Fake:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.stale = self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def counted() -> None:
    Fake.made = 0


def take(readers: Readers, borrower: int) -> Connection:
    return readers.take(
        borrower, lambda: cast(Connection, Fake()), lambda one: cast(Fake, one).stale
    )


def test_what_comes_back_is_lent_again() -> None:
    readers = Readers()
    first = take(readers, 1)
    readers.give_back(1, first, keep=True)
    assert take(readers, 2) is first
    readers.give_back(2, first, keep=False)
    assert cast(Fake, first).closed
    assert take(readers, 1) is not first


def test_what_the_other_side_ended_is_replaced() -> None:
    readers = Readers()
    first = take(readers, 1)
    readers.give_back(1, first, keep=True)
    cast(Fake, first).stale = True
    assert take(readers, 1) is not first
    assert cast(Fake, first).closed


def test_a_thread_waits_for_one_beyond_the_limit() -> None:
    readers = Readers(2)
    held = [take(readers, 1), take(readers, 2)]
    got: list[Connection] = []
    waiting = threading.Thread(target=lambda: got.append(take(readers, 3)))
    waiting.start()
    waiting.join(0.2)
    assert not got
    readers.give_back(2, held[1], keep=True)
    waiting.join()
    assert got == [held[1]]
    assert Fake.made == 2


def test_a_thread_that_holds_one_does_not_wait_for_itself() -> None:
    readers = Readers(1)
    assert take(readers, 1) is not take(readers, 1)


def test_a_connection_that_cannot_be_opened_takes_no_place() -> None:
    def fail() -> Connection:
        raise OSError

    readers = Readers(1)
    for _ in range(3):
        with pytest.raises(OSError):
            readers.take(1, fail, lambda one: False)
    readers.give_back(2, take(readers, 2), keep=True)
