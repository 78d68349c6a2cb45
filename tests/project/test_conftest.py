"""The isolation that every test relies on is there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_store_and_home_are_temporary(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    assert Path(os.environ["CLEW_STORE"]).is_relative_to(base)
    assert Path.home().is_relative_to(base)


def test_the_network_is_refused() -> None:
    with socket.socket() as connection, pytest.raises(RuntimeError, match="network"):
        connection.connect(("192.0.2.1", 80))


@given(st.integers())
def test_hypothesis_runs_beside_the_isolation(number: int) -> None:
    assert Path(os.environ["CLEW_STORE"]).name == "store"
    assert number == int(str(number))
