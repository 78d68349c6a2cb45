from __future__ import annotations

import pytest

from clew.app.frameworks import register_frameworks


@pytest.fixture(autouse=True, scope="session")
def frameworks() -> None:
    register_frameworks()
