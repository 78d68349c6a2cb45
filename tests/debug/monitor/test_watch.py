"""Windows that changed are told of, in the right column; those that did not are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clew.debug.monitor import Reference, Window, watch
from clew.debug.monitor.watch import interval
from clew.errors import InvalidParameter


def drawn(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {"age": random.normal(40, 10, rows), "kind": random.choice(["a", "b", "c"], rows)}
    )


BEFORE = Reference(drawn(3000, 0), ["yes", "no"] * 500, [0.0, 0.0, 0.0, 1.0] * 100)


def window(**changed: object) -> Window:
    fields: dict[str, object] = {"rows": drawn(500, 1), "answers": ["no", "yes"] * 250}
    return Window(**{**fields, **changed})  # type: ignore[arg-type]


def kinds(found: Window) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.columns) for one in watch(BEFORE, found)]


def test_nothing_is_told_of_what_did_not_change() -> None:
    assert kinds(window(errors=[0.0, 0.0, 0.0, 1.0] * 50)) == []


def test_the_columns_that_carry_a_drift() -> None:
    rows = drawn(500, 1)
    assert kinds(window(rows=rows.assign(age=rows["age"] * 1.2))) == [("drift", ("age",))]
    gaps = rows["age"].where(np.arange(500) % 10 > 0)
    assert kinds(window(rows=rows.assign(age=gaps))) == [("drift", ("age",))]
    assert kinds(window(rows=rows.assign(kind="a"))) == [("drift", ("kind",))]
    with pytest.raises(InvalidParameter, match="reference's columns"):
        kinds(window(rows=rows[["age"]]))


def test_answers_that_changed() -> None:
    assert kinds(window(answers=["yes"] * 500)) == [("answers", ())]


def test_errors_are_judged_as_labels_come_and_an_alert_stays() -> None:
    assert kinds(window(errors=[1.0] * 49)) == []  # Too few to be asked.
    assert kinds(window(errors=[1.0] * 50)) == [("quality", ())]
    assert kinds(window(errors=[1.0] * 50 + [0.0] * 400)) == [("quality", ())]
    (found,) = watch(BEFORE, window(errors=[0.0, 1.0] * 50), most_errors=0.3)
    assert found.kind == "quality"
    assert found.size == pytest.approx(0.2)
    assert watch(BEFORE, window(errors=[0.0, 1.0] * 50), most_errors=0.5) == ()
    with pytest.raises(InvalidParameter, match="errors of numbers"):
        watch(BEFORE, window(errors=[0.5] * 50), most_errors=0.5)


def test_errors_of_numbers() -> None:
    random = np.random.default_rng(2)
    before = Reference(BEFORE.rows, BEFORE.answers, random.exponential(1, 500).tolist())
    assert watch(before, window(errors=random.exponential(1, 200).tolist())) == ()
    (found,) = watch(before, window(errors=random.exponential(2, 200).tolist()))
    assert found.kind == "quality"


def test_assertions_that_are_violated_more_often() -> None:
    before = Reference(BEFORE.rows, BEFORE.answers, fired={"flicker": 10})
    assert watch(before, window(fired={"flicker": 5, "other": 0})) == ()
    (found,) = watch(before, window(fired={"flicker": 30, "other": 2}))
    assert (found.kind, found.columns) == ("assertion", ("flicker",))
    assert found.size == pytest.approx(0.05)


def test_the_interval_is_exact() -> None:
    found = interval([0.0] * 9 + [1.0])
    assert found is not None
    assert found == pytest.approx((0.1, 0.00253, 0.44502), abs=1e-4)
    assert interval([]) is None
    assert interval([0.5]) is None
