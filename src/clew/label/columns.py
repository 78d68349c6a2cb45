"""Functions on rows: the label matrix, a column of a chunk of rows being a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, MissingExtra, WrongType
from clew.label.functions import LabelingFunction
from clew.label.matrix import ABSTAIN, LabelMatrix, Votes, as_votes
from clew.steps.step import step


def apply(
    functions: Sequence[LabelingFunction], rows: Any, *, chunk_rows: int = 20_000
) -> LabelMatrix:
    """Compute the label matrix.

    What one function says of one chunk of rows is a step: it is computed once, so that a function
    that is added or edited costs its own column, and rows that are added cost theirs.

    Parameters
    ----------
    functions : sequence of LabelingFunction
    rows : pandas, Polars or Arrow table, or sequence of mappings
    chunk_rows : int
        Rows that are looked at together.

    Raises
    ------
    InvalidParameter
        Where two functions share a name, or there are no rows.
    WrongType
        Where a function returns anything but a class or None; its name and the row are told.
    """
    named = _named(functions)
    if chunk_rows < 1:
        raise InvalidParameter("chunk_rows is at least 1.", got=str(chunk_rows))
    table = _table(rows)
    if not len(table):
        raise InvalidParameter("There are no rows to label.")
    starts = range(0, len(table), chunk_rows)
    chunks = [table.slice(start, chunk_rows).combine_chunks() for start in starts]
    columns = [
        np.concatenate([votes_of(each.call, each.name, each.whole, chunk) for chunk in chunks])
        for each in named
    ]
    return LabelMatrix(np.stack(columns, axis=1), tuple(each.name for each in named))


@step
def votes_of(call: Any, name: str, whole: bool, chunk: Any) -> Votes:
    """Return what a function says of a chunk of rows, shape (rows,)."""
    said = call(chunk) if whole else [call(row) for row in chunk.to_pylist()]
    if len(said) != len(chunk):
        raise InvalidParameter(
            "A labelling function of tables votes on each row.",
            got=f"{len(said)} votes by {name}",
            expected=str(len(chunk)),
        )
    given = said if isinstance(said, np.ndarray) else _numbers(said, name)
    return as_votes(given.reshape(-1, 1)).ravel()


def _numbers(said: Sequence[Any], name: str) -> Any:
    votes = np.empty(len(said), dtype=np.int64)
    for row, vote in enumerate(said):
        value = ABSTAIN if vote is None else vote
        if not isinstance(value, (int, np.integer)):
            raise WrongType(
                "A labelling function returns a class, or -1 or None to abstain.",
                got=f"{vote!r} by {name}, row {row} of its chunk",
            )
        votes[row] = value
    return votes


def _named(functions: Sequence[LabelingFunction]) -> list[LabelingFunction]:
    listed = [*functions]
    for each in listed:
        if not isinstance(each, LabelingFunction):
            raise WrongType(
                "apply takes labelling functions.",
                got=repr(each),
                hint="decorate it with @labeling_function",
            )
    names = [each.name for each in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise InvalidParameter(
            "Labelling functions have names of their own.",
            got=f"{', '.join(twice)}, more than once" if twice else "no function",
        )
    return listed


def _table(rows: Any) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra(
            "Labelling functions take Arrow tables.", hint="pip install 'clew[tables]'"
        ) from error
    if isinstance(rows, pyarrow.Table):
        return rows
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        return pyarrow.Table.from_pylist([dict(row) for row in rows])
    if hasattr(rows, "__arrow_c_stream__"):
        return pyarrow.table(rows)
    raise WrongType(
        "Rows to label are a table.",
        got=type(rows).__name__,
        expected="a pandas, Polars or Arrow table, or a list of mappings",
    )
