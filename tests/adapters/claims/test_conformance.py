"""Claims by record locks keep the promises of the port."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.adapters.claims import FileClaims
from clew.testing.claims import ClaimsSuite


class TestFileClaims(ClaimsSuite):
    @pytest.fixture
    def claims(self, tmp_path: Path) -> FileClaims:
        return FileClaims(tmp_path / "claims.lock")
