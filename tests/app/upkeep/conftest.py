from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.upkeep.places import Place, make_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path / "here")
    yield made
    made.store.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Place]:
    made = make_place(tmp_path / "there")
    yield made
    made.store.close()
