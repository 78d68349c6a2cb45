"""Labelling functions on rows, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

import clew
from clew.errors import InvalidParameter, WrongType
from clew.label import (
    ABSTAIN,
    LabelingFunction,
    analyze,
    apply,
    disagreement,
    from_model,
    keyword,
    labeling_function,
    regex,
    sql,
)
from clew.label.columns import votes_of

ROWS = [
    {"text": "Check out my channel http://x.example", "length": 36},
    {"text": "love this song", "length": 14},
    {"text": "subscribe and CHECK it", "length": 22},
    {"text": None, "length": 0},
]


@labeling_function
def has_link(row):
    return 1 if row["text"] and "http" in row["text"] else ABSTAIN


FUNCTIONS = [
    has_link,
    keyword("text", ["check", "subscribe"], 1),
    regex("text", r"love|like", 0, name="praise"),
    sql("length < 20 AND length > 0", 0, name="short"),
]
EXPECTED = [[1, 1, -1, -1], [-1, -1, 0, 0], [-1, 1, -1, -1], [-1, -1, -1, -1]]


@pytest.fixture
def tables():
    pandas, polars, pyarrow = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    return [ROWS, pandas.DataFrame(ROWS), polars.DataFrame(ROWS), pyarrow.Table.from_pylist(ROWS)]


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_all_kinds_of_functions_vote_on_all_kinds_of_tables(tables, chunk_rows) -> None:
    for table in tables:
        matrix = apply(FUNCTIONS, table, chunk_rows=chunk_rows)
        assert matrix.votes.tolist() == EXPECTED
    assert matrix.names == ("has_link", "keyword_check", "praise", "short")
    assert matrix.column("praise").tolist() == [-1, 0, -1, -1]


def test_a_column_is_computed_once_and_a_new_row_costs_its_chunk(tmp_path) -> None:
    noted = tmp_path / "seen"

    def slow(row):
        with noted.open("a") as file:
            file.write("x")
        total = sum(index * index for index in range(20_000))
        return row["length"] % 2 if total else ABSTAIN

    function = LabelingFunction("slow", slow)
    first = apply([function], ROWS * 30, chunk_rows=60)
    counted = noted.stat().st_size
    again = apply([function], ROWS * 30, chunk_rows=60)
    assert again.votes.tolist() == first.votes.tolist()
    assert noted.stat().st_size == counted


def test_a_model_votes_where_it_is_sure() -> None:
    def shares(table):
        return [[0.9, 0.1], [0.45, 0.55], [0.2, 0.8], [0.5, 0.5]]

    matrix = apply([from_model("model", shares, threshold=0.6)], ROWS)
    assert matrix.votes.ravel().tolist() == [0, -1, 1, -1]


def test_votes_inside_a_flow_are_steps() -> None:
    @clew.flow
    def labelled():
        return votes_of(has_link.call, "has_link", False, table())

    @clew.step
    def table():
        import pyarrow

        return pyarrow.Table.from_pylist(ROWS)

    assert labelled().tolist() == [1, -1, -1, -1]


@pytest.mark.parametrize("said", ["spam", 0.5, [1]])
def test_a_vote_that_is_no_class_names_the_function(said) -> None:
    with pytest.raises(WrongType, match="odd, row 0"):
        apply([LabelingFunction("odd", lambda row: said)], ROWS)


def test_misuse_is_told() -> None:
    with pytest.raises(InvalidParameter, match="names of their own"):
        apply([has_link, has_link], ROWS)
    with pytest.raises(InvalidParameter, match="names of their own"):
        apply([], ROWS)
    with pytest.raises(WrongType, match="labeling_function"):
        apply([lambda row: 1], ROWS)
    with pytest.raises(InvalidParameter, match="no rows"):
        apply([has_link], [])
    with pytest.raises(WrongType, match="table"):
        apply([has_link], 3)
    with pytest.raises(InvalidParameter, match="each row"):
        apply([LabelingFunction("few", lambda table: [1], whole=True)], ROWS)
    with pytest.raises(InvalidParameter, match="no class"):
        apply([LabelingFunction("low", lambda row: -3)], ROWS)
    with pytest.raises(InvalidParameter, match="regular expression"):
        regex("text", "(", 1)
    with pytest.raises(InvalidParameter, match="needs words"):
        keyword("text", [], 1)
    with pytest.raises(InvalidParameter, match="another shape"):
        apply([from_model("model", lambda table: [0.5])], ROWS)
    with pytest.raises(InvalidParameter, match="probability"):
        from_model("model", len, threshold=0)


def test_analysis_counts_what_functions_cover() -> None:
    votes = np.array([[1, 1, -1], [0, 1, -1], [-1, -1, -1], [0, -1, -1]])
    report = analyze(votes, y=[1, 0, 1, -1])
    first, second, third = report
    assert (first.polarity, first.coverage, first.overlaps) == ((0, 1), 0.75, 0.5)
    assert (first.conflicts, first.correct, first.incorrect) == (0.25, 2, 0)
    assert (second.accuracy, third.accuracy, third.polarity) == (0.5, None, ())
    assert (report.coverage, report.conflicts, report.gaps.tolist()) == (0.75, 0.25, [2])
    assert "4 rows: 75.0% covered, 25.0% in conflict, 1 without a vote" in str(report)
    assert analyze(votes).functions[0].accuracy is None
    with pytest.raises(InvalidParameter, match="True classes"):
        analyze(votes, y=[1, 0])


def test_undecided_rows_come_first() -> None:
    shares = [[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]]
    assert np.argsort(-disagreement(shares)).tolist() == [1, 2, 0]
    assert disagreement(shares)[:2].tolist() == [0, 1]
    with pytest.raises(InvalidParameter):
        disagreement([[2.0, -1.0]])
