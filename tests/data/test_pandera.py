"""Schemas to pandera and back."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from clew.data.schema import Column, Schema, from_pandera, infer, to_pandera, validate
from clew.errors import InvalidParameter, WrongType

pytestmark = pytest.mark.slow
pandera = pytest.importorskip("pandera.pandas", reason="needs the extra `pandera`")

REFUSED = (pandera.errors.SchemaError, pandera.errors.SchemaErrors)
FRAME = pd.DataFrame(
    {
        "id": range(400),
        "age": [18 + i % 50 for i in range(400)],
        "city": ["Oslo", "Rome"] * 200,
        "share": [None if i % 7 == 0 else i / 400 for i in range(400)],
        "seen": pd.Timestamp("2026-01-01"),
    }
)


def test_pandera_refuses_what_the_schema_refuses() -> None:
    rules = to_pandera(infer(FRAME))
    rules.validate(FRAME)
    for name, value in (("city", "Paris"), ("age", 400), ("id", 3), ("city", None)):
        wrong = FRAME.copy()
        wrong.loc[7, name] = value
        with pytest.raises(REFUSED):
            rules.validate(wrong)
    for table in (FRAME.drop(columns="city"), FRAME.assign(town="x")):
        with pytest.raises(REFUSED):
            rules.validate(table)


def test_there_and_back() -> None:
    columns = (
        Column("age", "int", present=1.0, low=18, high=90, strict=True),
        Column("city", "text", present=0.0, values=("Oslo", "Rome"), strict=True),
        Column("share", "float", required=False, high=1.0, unique=True, strict=True),
        Column("member", "bool", strict=True),
        Column("day", "date", low="2026-01-01", strict=True),
        Column("seen", "time", strict=True),
    )
    schema = Schema(columns, 0)
    assert from_pandera(to_pandera(schema)) == schema


def test_what_pandera_says_is_kept() -> None:
    column = pandera.Column(int, [pandera.Check.gt(0), pandera.Check.lt(10)])
    schema = from_pandera(pandera.DataFrameSchema({"a": column}))
    assert (schema["a"].low, schema["a"].high) == (1, 9)
    assert [one.severity for one in validate({"a": [0, 5]}, schema)] == ["error"]
    assert validate({"a": [1, 9]}, schema) == ()
    inside = pandera.Column(float, pandera.Check.in_range(0, 1, include_max=False))
    schema = from_pandera(pandera.DataFrameSchema({"a": inside}))
    assert validate({"a": [0.0, 0.5]}, schema) == ()
    assert [one.kind for one in validate({"a": [1.0]}, schema)] == ["FLOAT_TYPE_BIG_FLOAT"]


def test_what_has_no_equal_is_named() -> None:
    odd = pandera.Column(str, pandera.Check.str_startswith("x"))
    with pytest.raises(InvalidParameter, match="no equal") as caught:
        from_pandera(pandera.DataFrameSchema({"a": odd}))
    assert "a: str_startswith" in str(caught.value)
    with pytest.raises(InvalidParameter, match="whole table"):
        from_pandera(pandera.DataFrameSchema({}, checks=pandera.Check(lambda frame: True)))
    with pytest.raises(WrongType, match="no schema of pandera"):
        from_pandera(datetime.date)
    with pytest.raises(InvalidParameter, match="no such kind"):
        to_pandera(infer({"a": [b"x"]}))
