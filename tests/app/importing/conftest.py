"""A store to import into."""

from __future__ import annotations

import pytest

from clew.app.tracking import Tracking, open_tracking


@pytest.fixture
def tracking() -> Tracking:
    return open_tracking()
