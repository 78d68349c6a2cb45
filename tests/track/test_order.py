"""How many things can be sorted by."""

from __future__ import annotations

import pytest

from clew.app.tracking import open_tracking
from clew.entities.filter import MOST_KEYS
from clew.errors import InvalidParameter


def test_the_same_field_again_changes_nothing() -> None:
    search = open_tracking().search
    field = {"field_name": "metrics.loss", "ascending": False}
    assert search.models(["0"], order_by=[field] * 2000).items == ()


@pytest.mark.parametrize("count", [1, MOST_KEYS, MOST_KEYS + 1, 2000])
def test_many_fields_are_refused_before_the_database_is_asked(count: int) -> None:
    tracking = open_tracking()
    tracking.runs.create("0")
    tracking.models.create("0", name="m")
    models = [{"field_name": f"metrics.m{i}"} for i in range(count)]
    runs = [f"metrics.m{i} DESC" for i in range(count)]
    if count > MOST_KEYS:
        with pytest.raises(InvalidParameter, match="more than"):
            tracking.search.models(["0"], order_by=models)
        with pytest.raises(InvalidParameter, match="more than"):
            tracking.search.runs(["0"], order_by=runs)
    else:
        assert len(tracking.search.models(["0"], order_by=models).items) == 1
        assert len(tracking.search.runs(["0"], order_by=runs).items) == 1
