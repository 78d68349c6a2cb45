"""The Adult census data that several benchmarks use.

The copy that ships with clew is taken where it is there; else ``shared/data/adult`` beside the
checkout (files ``adult.data`` and ``adult.test`` of the UCI repository).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status"),
    *("occupation", "relationship", "race", "sex", "capital-gain", "capital-loss"),
    *("hours-per-week", "native-country", "income"),
)
_SHIPPED = ("src", "clew", "data", "samples")
_BESIDE = ("shared", "data", "adult", "adult.data")


@cache
def load(rows: int | None = None) -> tuple[Any, Any]:
    """Return ``X`` (14 columns) and ``y`` (1 where the income is above 50 K), first `rows` rows."""
    frame = _frame()
    if rows is not None:
        frame = frame.iloc[:rows]
    frame = frame.reset_index(drop=True)
    income = frame.pop("income").astype(str).str.strip()
    return frame, income.str.startswith(">50K").to_numpy(dtype="int64")


def _frame() -> Any:
    import pandas as pd

    root = Path(__file__).resolve().parent.parent
    shipped = sorted(root.joinpath(*_SHIPPED[:3]).rglob("adult*.parquet"))
    if shipped:
        frame = pd.read_parquet(shipped[0])
        frame.columns = [str(name).replace("_", "-") for name in frame.columns]
        return frame
    place = root.parent.joinpath(*_BESIDE)
    if not place.exists():
        raise FileNotFoundError(f"the Adult data is neither in the package nor at {place}")
    return pd.read_csv(
        place, header=None, names=list(COLUMNS), skipinitialspace=True, na_values="?"
    )
