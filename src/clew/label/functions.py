"""Labelling functions: anything that looks at a row and names a class, or abstains."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter, MissingExtra, WrongType
from clew.label.matrix import ABSTAIN

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelingFunction:
    """A named function that votes on rows.

    Parameters
    ----------
    name : str
    call : callable
        Takes a row (a mapping of columns to values), or a table where `whole`. Returns a class,
        counted from 0, or -1 or None to abstain.
    whole : bool
        Whether it takes an Arrow table and returns a vote for each of its rows.
    """

    name: str
    call: Callable[[Any], Any]
    whole: bool = False

    def __call__(self, row: Any) -> Any:
        """Vote on a row (on a table, where `whole`)."""
        return self.call(row)


def labeling_function(
    function: Callable[[Any], Any] | None = None, *, name: str | None = None, whole: bool = False
) -> Any:
    """Make a function of a row a labelling function. A decorator, bare or with options.

    Parameters
    ----------
    name : str, optional
        By default the function's own.
    whole : bool
        Whether it takes an Arrow table of rows and returns an array of votes.

    Examples
    --------
    >>> from clew.label import ABSTAIN, labeling_function
    >>> @labeling_function
    ... def has_link(row):
    ...     return 1 if "http" in row["text"] else ABSTAIN
    >>> has_link({"text": "see http://example.org"})
    1
    """

    def made(function: Callable[[Any], Any]) -> LabelingFunction:
        if not callable(function):
            raise WrongType("A labelling function is a function.", got=repr(function))
        return LabelingFunction(
            name or str(getattr(function, "__name__", "function")), function, whole
        )

    return made if function is None else made(function)


def keyword(
    column: str, words: Iterable[str], label: int, *, name: str | None = None
) -> LabelingFunction:
    """Vote for a class where a text has one of some words (whole words, in any case)."""
    listed = [words] if isinstance(words, str) else [*words]
    if not listed or not all(isinstance(word, str) and word for word in listed):
        raise InvalidParameter("keyword needs words.", got=repr(listed))
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)"
    return regex(column, pattern, label, name=name or f"keyword_{listed[0]}")


def regex(
    column: str, pattern: str, label: int, *, name: str | None = None, flags: int = re.IGNORECASE
) -> LabelingFunction:
    """Vote for a class where a regular expression is found in a text."""
    try:
        re.compile(pattern, flags)
    except re.error as error:
        raise InvalidParameter("This is no regular expression.", got=repr(pattern)) from error
    call = functools.partial(_found, column, pattern, int(flags), label)
    return LabelingFunction(name or f"regex_{pattern}", call)


def sql(condition: str, label: int, *, name: str | None = None) -> LabelingFunction:
    """Vote for a class where an SQL condition on a row's columns holds (DuckDB's dialect).

    Examples
    --------
    >>> from clew.label import sql
    >>> sql("hours > 50 AND age < 25", label=0).name
    'hours > 50 AND age < 25'
    """
    return LabelingFunction(
        name or condition, functools.partial(_where, condition, label), whole=True
    )


def from_model(
    name: str, predict_proba: Callable[[Any], ArrayLike], *, threshold: float = 0.5
) -> LabelingFunction:
    """Vote for the class that a model, or a service, gives a probability of at least a threshold.

    Parameters
    ----------
    name : str
    predict_proba : callable
        Takes an Arrow table of rows, returns probabilities of shape (rows, classes).
    threshold : float
        Below it the function abstains.
    """
    if not 0 < threshold <= 1:
        raise InvalidParameter("threshold is a probability.", got=str(threshold))
    return LabelingFunction(
        name, functools.partial(_confident, predict_proba, threshold), whole=True
    )


def _found(column: str, pattern: str, flags: int, label: int, row: Row) -> int:
    text = row[column]
    return label if text is not None and re.search(pattern, text, flags) else ABSTAIN


def _where(condition: str, label: int, table: Any) -> NDArray[Any]:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra(
            "Labelling functions in SQL need DuckDB.", hint="pip install 'clew[sql]'"
        ) from error
    import pyarrow

    place = "clew_place"
    numbered = table.append_column(place, pyarrow.array(np.arange(len(table))))
    with duckdb.connect() as connection:
        connection.register("rows", numbered)
        query = f"SELECT {place} FROM rows WHERE ({condition})"
        held = connection.sql(query).fetchnumpy()[place]
    votes = np.full(len(table), ABSTAIN)
    votes[np.asarray(held, dtype=np.intp)] = label
    return votes


def _confident(
    predict_proba: Callable[[Any], ArrayLike], threshold: float, table: Any
) -> NDArray[Any]:
    shares = np.asarray(predict_proba(table), dtype=np.float64)
    if shares.ndim != 2 or len(shares) != len(table):
        raise InvalidParameter(
            "The model's probabilities have another shape.",
            got=str(shares.shape),
            expected=f"({len(table)}, classes)",
        )
    return np.where(shares.max(axis=1) >= threshold, shares.argmax(axis=1), ABSTAIN)
