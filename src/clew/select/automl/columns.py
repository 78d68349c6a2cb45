"""What the columns of a table are, as far as models care, and how their cells are read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from clew.errors import InvalidParameter, MissingExtra, WrongType

Kind = Literal["number", "category", "text", "date", "constant", "id", "nested"]
LEFT_OUT = ("constant", "id", "nested")
_SAMPLE = 2000
_WORDS = 4
_MOST_CELLS = 200_000_000
_PLAIN = ("ISO8601", False)
_DAY_OR_MONTH = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}"


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
    kind : {"number", "category", "text", "date", "constant", "id", "nested"}
        The last three are left out: they say nothing, or hold lists and the like.
    unread : int
        Cells of numbers or dates that are none: they count as missing.
    form : tuple of str and bool
        How it writes its dates (`written`).
    """

    name: str
    kind: Kind
    unread: int = 0
    form: tuple[str, bool] = _PLAIN


def table(X: Any) -> Any:
    """Return rows as a pandas frame with names of text and an index of its own.

    Raises
    ------
    WrongType
        When X is no table of two dimensions.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("automl needs pandas.", hint="pip install 'clew[pandas]'") from error
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if hasattr(X, "toarray"):
        if np.prod(X.shape, dtype=float) > _MOST_CELLS:
            raise InvalidParameter(
                "X is sparse, and too large as a table.", got=f"{X.shape[0]} × {X.shape[1]}"
            )
        X = X.toarray()
    if not isinstance(X, pd.DataFrame):
        array = np.asarray(X)
        if array.ndim != 2:
            raise WrongType(
                "X is no table.", got=f"{array.ndim} dimensions", expected="rows × columns"
            )
        X = pd.DataFrame(array).infer_objects()
    names = [str(name) for name in X.columns]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidParameter("Columns have the same name.", got=", ".join(twice[:5]))
    frame = X.set_axis(names, axis=1).reset_index(drop=True)
    odd = {name: _plain(frame[name]) for name in names if _is_odd(frame[name].dtype)}
    return frame.assign(**odd) if odd else frame


def _is_odd(dtype: Any) -> bool:
    import pandas as pd

    odd = (pd.PeriodDtype, pd.IntervalDtype, pd.SparseDtype, pd.ArrowDtype)
    return isinstance(dtype, odd) or dtype.kind == "m"


def _plain(column: Any) -> Any:
    """Return spans as seconds, periods as their starts, intervals as texts, the rest as NumPy's."""
    import pandas as pd

    if isinstance(column.dtype, pd.ArrowDtype):
        import pyarrow

        column = pyarrow.array(column, from_pandas=True).to_pandas()
        return _plain(column) if _is_odd(column.dtype) else column
    if column.dtype.kind == "m":
        return column.dt.total_seconds()
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if isinstance(column.dtype, pd.SparseDtype):
        return column.sparse.to_dense()
    return column.astype(object).where(column.isna(), column.astype(str))


def kinds_of(frame: Any) -> list[Column]:
    """Return what each column is."""
    found = []
    for name in frame.columns:
        kind = _kind_of(frame[name])
        form = written(frame[name]) if kind == "date" else _PLAIN
        read = kind in ("number", "date")
        unread = int(unreadable(frame[name], kind, form).sum()) if read else 0
        found.append(Column(name, kind, unread, form))
    return found


def unreadable(column: Any, kind: str, form: tuple[str, bool]) -> Any:
    """Return which cells of a column of numbers or dates are there and yet none.

    `form` is how the dates of the rows that were fitted are written: others cannot be read.
    """
    import pandas as pd

    types = pd.api.types
    if types.is_numeric_dtype(column) or types.is_bool_dtype(column):
        return np.zeros(len(column), dtype=bool)
    read = numbers(column) if kind == "number" else moments(column, *form)
    return (column.notna() & read.isna()).to_numpy(dtype=bool)


def numbers(column: Any) -> Any:
    """Return a column as floats; what is no number is missing."""
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce")
    if found.dtype == object:  # whole numbers beyond 64 bits
        found = pd.to_numeric(column.astype(str), errors="coerce")
    return found.astype(float)


def written(column: Any) -> tuple[str, bool]:
    """Return how a column writes its dates: pandas' name of the format, and whether days go first.

    ``03/04/2020`` is March where no day of the column says otherwise.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return _PLAIN
    texts = column.dropna().astype(str)
    first = texts.str.extract(_DAY_OR_MONTH, expand=True).dropna().astype(int)
    days_first = bool(len(first) and (first[0] > 12).any() and not (first[1] > 12).any())
    plain = moments(texts.head(_SAMPLE), "ISO8601", days_first)
    return ("ISO8601" if plain.notna().mean() > 0.95 or texts.empty else "mixed"), days_first


def moments(column: Any, form: str, days_first: bool) -> Any:
    """Return a column as moments of UTC; what is no date is missing."""
    import pandas as pd

    if not pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype(object).where(column.isna(), column.astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.to_datetime(column, errors="coerce", utc=True, format=form, dayfirst=days_first)


def _kind_of(column: Any) -> Kind:
    import pandas as pd

    types = pd.api.types
    present = column.dropna()
    if types.is_complex_dtype(column) or (column.dtype == object and _are_nested(present)):
        return "nested"
    if present.nunique() <= 1 and (len(present) == len(column) or present.empty):
        return "constant"
    if types.is_datetime64_any_dtype(column):
        return "date"
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        return "number"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    texts = present.astype(str)
    if _are_numbers(texts):
        return "number"
    if _are_dates(texts):
        return "date"
    distinct = texts.nunique()
    words = texts.head(_SAMPLE).str.count(r"\S+").mean()
    if words >= _WORDS and distinct > 0.3 * len(texts):
        return "text"
    if distinct > 0.9 * len(texts) and len(texts) > 100:
        return "id"
    return "category"


def _are_nested(present: Any) -> bool:
    return bool(present.map(lambda cell: getattr(type(cell), "__hash__", None) is None).any())


def _are_numbers(texts: Any) -> bool:
    import pandas as pd

    return bool(pd.to_numeric(texts.head(_SAMPLE), errors="coerce").notna().all())


def _are_dates(texts: Any) -> bool:
    sample = texts.head(_SAMPLE)
    if not sample.str.contains(r"\d{4}", regex=True).mean() > 0.95:
        return False
    return bool(moments(sample, "mixed", False).notna().mean() > 0.95)
