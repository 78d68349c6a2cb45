"""One column of a table against what the schema says of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.anomaly import Anomaly
from clew.data.schema.cells import Cells, cells_of
from clew.data.schema.judge import Judge
from clew.data.schema.schema import Column

TYPE = "UNEXPECTED_DATA_TYPE"
_MISSING = frozenset({"", "?", "-", "na", "n/a", "nan", "null", "none", "nil", "missing"})
_EXACT = 2.0**53
_LISTED = 8
_BEYOND = {
    "int": ("INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT"),
    "float": ("FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_BIG_FLOAT"),
    "date": ("TIME_TYPE_EARLY", "TIME_TYPE_LATE"),
    "time": ("TIME_TYPE_EARLY", "TIME_TYPE_LATE"),
}


def check(cells: Cells, column: Column, judge: Judge) -> Iterator[Anomaly]:
    """Yield what is wrong with one column."""
    if cells.missing.all():
        if column.present > 0:
            yield from judge(
                "FEATURE_TYPE_NOT_PRESENT",
                cells.missing,
                "no row has a value",
                f"{column.present:.1%} of the rows have one",
                certain=True,
            )
        return
    fitted = _fitted(cells, column)
    if isinstance(fitted, Anomaly):
        yield fitted
        return
    yield from judge(
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        fitted.missing,
        "values are missing",
        f"{column.present:.2%} of the rows have one",
        before=1 - column.present,
    )
    yield from _odd(fitted, column, judge)
    if column.values is not None:
        yield from _listed(fitted, column, judge)
    if fitted.is_number:
        yield from _ranged(fitted, column, judge)
    if column.shapes is not None:
        yield from _formed(fitted, column, judge)
    if column.unique:
        yield from _repeated(fitted, judge)


def _fitted(cells: Cells, column: Column) -> Cells | Anomaly:
    """Return the column as the schema's kind, where no value is changed by it."""
    if cells.kind == column.kind or column.kind == "other":
        return cells
    import pyarrow

    if (column.kind, cells.kind) == ("float", "int"):
        return cells_of(cells.array.cast(pyarrow.float64(), safe=False))
    hint = ""
    if (column.kind, cells.kind) == ("int", "float"):
        # pandas writes whole numbers as floats where some are missing.
        numbers = cells.numbers[~cells.missing]
        with np.errstate(invalid="ignore"):
            broken = ~(np.isfinite(numbers) & (numbers == np.rint(numbers)))
        if not broken.any() and (np.abs(numbers) < _EXACT).all():
            return cells_of(cells.array.cast(pyarrow.int64()))
        hint = f"{int(broken.sum())} values are no whole numbers, such as {numbers[broken][:1]}"
    elif cells.kind == "text" and column.kind in ("int", "float"):
        texts = [value for value in cells.array.to_pylist() if value is not None]
        bad = [value for value in texts if not _is_number(value)]
        example = f"; {bad[0]!r} is none" if bad else ""
        hint = f"{len(texts) - len(bad)} of {len(texts)} texts are numbers{example}"
    return Anomaly(
        TYPE,
        column.name,
        "the values are of another type",
        f"{cells.kind} ({cells.array.type})",
        column.kind,
        hint,
        len(cells),
    )


def _odd(cells: Cells, column: Column, judge: Judge) -> Iterator[Anomaly]:
    if not cells.odd.any():
        return
    none = cells.odd & np.isnan(cells.numbers)
    endless = cells.odd & ~none
    share = f"{column.nan:.2%} of the rows are none"
    kinds = (("NAN", none, "no number"), ("INF", endless, "infinite"))
    for kind, wrong, what in kinds:
        message = f"values are {what}"
        yield from judge(f"FLOAT_TYPE_HAS_{kind}", wrong, message, share, before=column.nan)


def _listed(cells: Cells, column: Column, judge: Judge) -> Iterator[Anomaly]:
    known = list(column.values or ())
    seen, codes = cells.coded
    new = [at for at, value in enumerate(seen) if value not in known]
    if not new:
        return
    plain = {_plain(value): value for value in known}
    spelt = [at for at in new if _plain(seen[at]) in plain or _plain(seen[at]) in _MISSING]
    other = [at for at in new if at not in spelt]
    kind = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
    expected = _some(known)
    for group, certain in ((spelt, True), (other, False)):
        if not group:
            continue
        wrong = np.isin(codes, group)
        yield from judge(
            kind,
            wrong,
            "values are written otherwise" if certain else "values were not seen before",
            expected,
            got=_some([seen[at] for at in group]),
            hint=_meant(seen[group[0]], known, plain),
            certain=certain,
        )


def _ranged(cells: Cells, column: Column, judge: Judge) -> Iterator[Anomaly]:
    numbers = cells.numbers
    sides = (
        (_BEYOND[cells.kind][0], column.low, column.least, -1, "below"),
        (_BEYOND[cells.kind][1], column.high, column.most, 1, "above"),
    )
    for kind, edge, far, sign, word in sides:
        beyond = _past(cells, numbers, edge, sign)
        certain = _past(cells, numbers, far, sign)
        beyond |= certain
        if not beyond.any():
            continue
        bound = edge if edge is not None else far
        extreme = cells.told((numbers[beyond] * sign).max() * sign)
        hint = f"none may pass {far}" if certain.any() and far != edge else ""
        yield from judge(
            kind,
            beyond,
            f"values lie {word} the range",
            f"{'at least' if sign < 0 else 'at most'} {bound}",
            got=f"{extreme}",
            hint=hint,
            certain=bool(certain.any()),
        )


def _past(cells: Cells, numbers: NDArray[Any], bound: Any, sign: int) -> NDArray[np.bool_]:
    if bound is None:
        return np.zeros(len(cells), dtype=bool)
    limit = cells.measured(bound)
    passed = numbers > limit if sign > 0 else numbers < limit
    return np.asarray(passed & cells.known)


def _formed(cells: Cells, column: Column, judge: Judge) -> list[Anomaly]:
    forms, codes = cells.shapes()
    new = [at for at, form in enumerate(forms) if form not in (column.shapes or ())]
    wrong = np.isin(codes, new)
    first = cells.array[int(np.argmax(wrong))].as_py() if wrong.any() else ""
    return judge(
        "TEXT_TYPE_UNEXPECTED_SHAPE",
        wrong,
        "texts have another form",
        _some(list(column.shapes or ())),
        got=repr(first),
        hint="a stands for letters, 9 for digits",
    )


def _repeated(cells: Cells, judge: Judge) -> list[Anomaly]:
    _, codes = cells.coded
    held = np.flatnonzero(codes >= 0)
    _, first = np.unique(codes[held], return_index=True)
    again = np.zeros(len(cells), dtype=bool)
    again[held] = True
    again[held[first]] = False
    example = repr(cells.array[int(np.argmax(again))].as_py()) if again.any() else ""
    return judge(
        "FEATURE_TYPE_LOW_UNIQUE",
        again,
        "values repeat",
        "each value once",
        got=example,
        certain=True,
    )


def _plain(value: Any) -> str:
    return "".join(letter for letter in str(value).casefold() if letter.isalnum()) or str(value)


def _meant(value: Any, known: list[Any], plain: dict[str, Any]) -> str:
    if _plain(value) in plain:
        return f"{value!r} is {plain[_plain(value)]!r}, written otherwise"
    if _plain(value) in _MISSING:
        return "write what is missing as missing"
    close = difflib.get_close_matches(str(value), [str(one) for one in known], 1)
    return f"did {value!r} mean {close[0]!r}?" if close else "a new category? add it to the schema"


def _some(values: list[Any]) -> str:
    shown = ", ".join(repr(value) for value in values[:_LISTED])
    return shown if len(values) <= _LISTED else f"{shown} and {len(values) - _LISTED} more"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
