"""Repairs of the hospital table, as HoloClean's own test judges them.

A value is an error where it is not the published one. Precision is the share of repairs that are
the published value, recall the share of errors that are repaired so. HoloClean's figures are those
that its own test asserts with the constraints given.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.data import beside
from bench.figure import Figure
from clew.data.repair import Repair, find

HOLOCLEAN = 0.900
_BINS = 10


def figures(quick: bool) -> Iterator[Figure]:
    table, errors = dirty()
    given = find(table, beside("hospital", "hospital_constraints.txt"))
    free = given if quick else find(table)
    for name, found in (("hospital_f1", given), ("hospital_f1_free", free)):
        measure = f1(found, errors)
        yield Figure(f"repair.{name}", measure, "F1", measure, HOLOCLEAN, "HoloClean, published")
    calibration = miscalibration(given, errors)
    yield Figure("repair.calibration", calibration, "probability", calibration, 0.0, "calibrated")


def dirty() -> tuple[Any, dict[tuple[int, str], str]]:
    """Return the table, and the true values of the errors."""
    import pyarrow as pa

    with beside("hospital", "hospital.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with beside("hospital", "hospital_clean.csv").open(newline="", encoding="utf-8") as file:
        truth = {(int(r["tid"]), r["attribute"]): r["correct_val"] for r in csv.DictReader(file)}
    table = pa.table({name: [row[name] or None for row in rows] for name in rows[0]})
    return table, {cell: value for cell, value in truth.items() if rows[cell[0]][cell[1]] != value}


def f1(found: tuple[Repair, ...], errors: dict[tuple[int, str], str]) -> float:
    right = sum(is_right(one, errors) for one in found)
    return 2 * right / (len(found) + len(errors))


def miscalibration(found: tuple[Repair, ...], errors: dict[tuple[int, str], str]) -> float:
    """Return how far confidences are from the share of repairs that are right, in tenths."""
    confidence = np.array([one.confidence for one in found])
    right = np.array([is_right(one, errors) for one in found])
    places = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return float(
        sum(
            abs((confidence - right)[places == place].mean()) * (places == place).mean()
            for place in np.unique(places)
        )
    )


def is_right(one: Repair, errors: dict[tuple[int, str], str]) -> bool:
    return errors.get((one.row, one.column)) == one.new
