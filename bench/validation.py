"""Faults put into a table by a published seed, and clean tables: what validation says of them.

The schema is inferred from 30,000 rows of Adult; each fault is put into 8,000 others. A fault is
found when an error names its column (or, of whole rows, the table). Fifty clean splits show false
alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench.figure import Figure
from clew.data import adult
from clew.data.schema import Anomaly, infer, validate

SEED, LEARNT, ROWS = 20_261_126, 30_000, 8_000
LEFT_OUT = ["row_id", "split"]

Random = np.random.Generator


def figures(quick: bool) -> Iterator[Figure]:
    found = sum(seen(number, fault) for number, fault in enumerate(FAULTS))
    yield Figure("validation.found", found, "count", found, len(FAULTS), "faults put in")
    splits = 10 if quick else 50
    alarms = sum(bool(errors(*split(1000 + number))) for number in range(splits))
    yield Figure("validation.false_alarms", alarms, "count", alarms, splits, "clean splits")


def split(number: int) -> tuple[Any, Any]:
    """Return rows to learn from, and others, drawn alike."""
    import pandas

    table = pandas.read_parquet(adult.path()).drop(columns=LEFT_OUT)
    drawn = table.iloc[np.random.default_rng([SEED, number]).permutation(len(table))]
    learnt, new = drawn[:LEARNT], drawn[LEARNT : LEARNT + ROWS]
    return learnt.reset_index(drop=True), new.reset_index(drop=True)


def errors(learnt: Any, new: Any) -> list[Anomaly]:
    """Return what is wrong with rows, by the schema of others."""
    found = validate(new, infer(learnt), like=learnt)
    return [one for one in found if one.severity == "error"]


def seen(number: int, fault: Callable[[Any, Random], tuple[Any, set[str]]]) -> bool:
    """Put a fault in; tell whether it is found where it is."""
    learnt, new = split(number)
    faulty, columns = fault(new, np.random.default_rng([SEED, number, 1]))
    named = {name for one in errors(learnt, faulty) for name in one.column.split(", ")}
    return bool(named) and columns <= named


def some(rows: Any, random: Random, share: float) -> Any:
    return random.random(len(rows)) < share


def renamed(rows: Any, random: Random) -> tuple[Any, set[str]]:
    new = {"hours_per_week": "hours"}
    return rows.rename(columns=new), {"hours_per_week", "hours"}


def as_text(rows: Any, random: Random) -> tuple[Any, set[str]]:
    return rows.assign(age=rows["age"].astype(str)), {"age"}


def misspelt(rows: Any, random: Random) -> tuple[Any, set[str]]:
    wrong = some(rows, random, 0.002) & (rows["workclass"] == "Private")
    return rows.assign(workclass=rows["workclass"].mask(wrong, "private ")), {"workclass"}


def sentinel(rows: Any, random: Random) -> tuple[Any, set[str]]:
    return rows.assign(age=rows["age"].mask(some(rows, random, 0.001), -1)), {"age"}


def unit(rows: Any, random: Random) -> tuple[Any, set[str]]:
    """Hours become minutes in a part that came from elsewhere."""
    part = some(rows, random, 0.02)
    hours = rows["hours_per_week"]
    return rows.assign(hours_per_week=hours.mask(part, hours * 60)), {"hours_per_week"}


def emptied(rows: Any, random: Random) -> tuple[Any, set[str]]:
    part = some(rows, random, 0.01)
    return rows.assign(education=rows["education"].mask(part, None)), {"education"}


def doubled(rows: Any, random: Random) -> tuple[Any, set[str]]:
    import pandas

    return pandas.concat([rows, rows[:100]], ignore_index=True), {""}


def swapped(rows: Any, random: Random) -> tuple[Any, set[str]]:
    changed = rows.assign(race=rows["relationship"], relationship=rows["race"])
    return changed, {"race", "relationship"}


def selected(rows: Any, random: Random) -> tuple[Any, set[str]]:
    """Half of the women are lost."""
    lost = (rows["sex"] == "Female") & some(rows, random, 0.5)
    return rows[~lost].reset_index(drop=True), {"sex"}


def shuffled(rows: Any, random: Random) -> tuple[Any, set[str]]:
    """The target belongs to other rows."""
    mixed = rows["income"].to_numpy()[random.permutation(len(rows))]
    return rows.assign(income=mixed), {"income"}


FAULTS = (
    renamed,
    as_text,
    misspelt,
    sentinel,
    unit,
    emptied,
    doubled,
    swapped,
    selected,
    shuffled,
)
