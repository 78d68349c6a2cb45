"""Rewrites of aggregates: over appended rows and columns, over selected ones, of a transpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell, Flip, Take
from clew.reuse.trace.literal import encode
from clew.reuse.trace.opcode import resolve
from clew.reuse.trace.rewrite.algebra import family_of, join_cells, run
from clew.reuse.trace.rewrite.shape import parts_of, pick, picked
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.selector import Selector
from clew.reuse.trace.session import Session

_COMBINE: dict[str, tuple[str, Callable[..., Any]]] = {
    "numpy.sum": ("numpy.add", np.add),
    "numpy.prod": ("numpy.multiply", np.multiply),
    "numpy.min": ("numpy.minimum", np.minimum),
    "numpy.max": ("numpy.maximum", np.maximum),
    "numpy.any": ("numpy.logical_or", np.logical_or),
    "numpy.all": ("numpy.logical_and", np.logical_and),
}
_ORDERLESS = ("numpy.min", "numpy.max", "numpy.any", "numpy.all")
AGGREGATES = (*_COMBINE, "numpy.mean")
COLUMNWISE = (*AGGREGATES, "numpy.var", "numpy.std")
_TOLERANCE = 1e-11
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate of a matrix along one axis, or of a vector."""

    session: Session
    opcode: str
    cell: Cell
    axis: int
    keepdims: bool

    def of(self, cell: Cell, axis: int | None = None) -> Cell:
        """Return the same aggregate of another array."""
        where = self.axis if axis is None else axis
        options: dict[str, Any] = {"axis": where}
        if self.keepdims:
            options["keepdims"] = True
        outputs, _, _ = self.session.evaluate(
            self.opcode, resolve(self.opcode), _text(options), [cell], [cell], options
        )
        return outputs[0]

    def known(self, cell: Cell, axis: int | None = None) -> Cell | None:
        """Return the same aggregate of another array if it is at hand."""
        options: dict[str, Any] = {"axis": self.axis if axis is None else axis}
        if self.keepdims:
            options["keepdims"] = True
        return self.session.known(self.opcode, _text(options), cell)


def _text(options: dict[str, Any]) -> str:
    named = ",".join(f"{name}={encode(options[name])}" for name in sorted(options))
    return f"(@0,{named})"


def read_aggregate(call: Call) -> Aggregate | None:
    """Return the aggregate that a call is, or None for options that no rule knows."""
    if len(call.cells) != 1 or not 1 <= len(call.args) <= 2 or set(call.kwargs) - _OPTIONS:
        return None
    cell = call.cells[0]
    axis = call.args[1] if len(call.args) == 2 else call.kwargs.get("axis")
    keepdims = call.kwargs.get("keepdims", False)
    if axis is None and cell.ndim == 1:
        axis = 0
    if type(axis) is not int or type(keepdims) is not bool or not -cell.ndim <= axis < cell.ndim:
        return None
    if cell.ndim > 2 or cell.dtype.kind not in "fiub" or 0 in cell.shape:
        return None
    return Aggregate(call.session, call.opcode, cell, axis % cell.ndim, keepdims)


_OPTIONS = {"axis", "keepdims"}


@rule(
    "aggregate.parts_exact",
    _ORDERLESS,
    tolerance=0.0,
    law="max([A; B]) = max(max(A), max(B))",
    rank=10,
)
def parts_exact(call: Call) -> Cell | None:
    """Combine extremes of appended parts, where zeros and NaN cannot make a difference."""
    found = read_aggregate(call)
    if found is None or not _combinable(found):
        return None
    answer = _combined(found)
    if answer is None or found.cell.dtype.kind != "f" or call.opcode in ("numpy.any", "numpy.all"):
        return answer
    # Of 0.0 and -0.0, and of two NaN, either may win: such answers are computed directly.
    value = answer.value
    return answer if bool((value != 0).all()) and not bool(np.isnan(value).any()) else None


@rule(
    "aggregate.parts",
    ("numpy.sum", "numpy.prod"),
    tolerance=_TOLERANCE,
    law="sum([A; B]) = sum(A) + sum(B)",
)
def parts(call: Call) -> Cell | None:
    """Combine sums of appended parts."""
    found = read_aggregate(call)
    return _combined(found) if found is not None and _combinable(found) else None


@rule(
    "aggregate.mean_of_parts",
    ("numpy.mean",),
    tolerance=_TOLERANCE,
    law="mean([A; B]) = (n·mean(A) + m·mean(B)) / (n + m)",
)
def mean_of_parts(call: Call) -> Cell | None:
    """Combine means of appended parts by their lengths."""
    found = read_aggregate(call)
    if found is None or found.cell.dtype.kind != "f":
        return None
    members = parts_of(found.cell, found.axis)
    if members is None or not _helpful(found, members):
        return None
    total = found.cell.shape[found.axis]
    answer: Cell | None = None
    for part in members:
        mean = found.of(part)
        weight = float(part.shape[found.axis]) / total
        term = _times(call.session, mean, weight)
        answer = term if answer is None else run(call.session, "numpy.add", np.add, answer, term)
    return answer


def _combinable(found: Aggregate) -> bool:
    if found.opcode in ("numpy.sum", "numpy.prod") and found.cell.dtype.kind == "b":
        return False
    members = parts_of(found.cell, found.axis)
    return members is not None and _helpful(found, members)


def _helpful(found: Aggregate, members: tuple[Cell, ...]) -> bool:
    """Tell whether parts save work: one is known, or the copy of all together is not made yet."""
    if len(members) > _MOST_PARTS:
        return False
    return not found.cell.ready or any(found.known(part) is not None for part in members)


def _combined(found: Aggregate) -> Cell | None:
    members = parts_of(found.cell, found.axis)
    if members is None:
        return None
    opcode, function = _COMBINE[found.opcode]
    answer = found.of(members[0])
    for part in members[1:]:
        answer = run(found.session, opcode, function, answer, found.of(part))
    return answer


@rule(
    "aggregate.across_parts",
    COLUMNWISE,
    tolerance=_TOLERANCE,
    law="column sums of [A, B] = [column sums of A, column sums of B]",
)
def across_parts(call: Call) -> Cell | None:
    """Join the aggregates of parts that lie beside one another."""
    found = read_aggregate(call)
    if found is None or found.cell.ndim != 2:
        return None
    members = parts_of(found.cell, 1 - found.axis)
    if members is None or not _helpful(found, members):
        return None
    axis = 1 - found.axis if found.keepdims else 0
    return join_cells(call.session, [found.of(part) for part in members], axis)


@rule(
    "aggregate.across_selected",
    COLUMNWISE,
    tolerance=_TOLERANCE,
    law="column sums of X[:, S] = (column sums of X)[S]",
)
def across_selected(call: Call) -> Cell | None:
    """Select from the aggregates of the whole."""
    found = read_aggregate(call)
    if found is None or found.cell.ndim != 2:
        return None
    split = _beside(found.session, found.cell, 1 - found.axis)
    if split is None:
        return None
    base, selector = split
    if found.known(base) is None and not _pays(found, base, selector):
        return None
    axis = 1 - found.axis if found.keepdims else 0
    return pick(call.session, found.of(base), axis, selector)


def _beside(session: Session, cell: Cell, axis: int) -> tuple[Cell, Selector] | None:
    """Return the base and the selection along an axis, seen through one along the other axis."""
    found = picked(cell, axis)
    if found is not None:
        return found
    form = cell.form
    if not isinstance(form, Take) or form.drop or form.axis == axis:
        return None
    inner = picked(form.base, axis)
    if inner is None:
        return None
    return pick(session, inner[0], form.axis, form.selector), inner[1]


def _pays(found: Aggregate, base: Cell, selector: Selector) -> bool:
    family = family_of(found.session, f"{found.opcode}{found.axis}{found.keepdims}", base)
    length = base.shape[1 - found.axis]
    share = family.overlap(1 - found.axis, selector, length)
    return family.pays(share * len(selector), length)


@rule(
    "aggregate.transposed",
    COLUMNWISE,
    tolerance=_TOLERANCE,
    law="row sums of Xᵀ = column sums of X",
)
def transposed(call: Call) -> Cell | None:
    """Answer an aggregate of a transpose by that of the original."""
    found = read_aggregate(call)
    if found is None or found.keepdims or not isinstance(found.cell.form, Flip):
        return None
    return found.known(found.cell.form.base, 1 - found.axis)


@rule(
    "aggregate.var_of_parts",
    ("numpy.var",),
    tolerance=1e-9,
    law="var([A; B]) = Σ n·(var + (mean − mean of all)²) / Σ n, over the parts",
)
def var_of_parts(call: Call) -> Cell | None:
    """Combine variances of appended parts, of which one is known, by their means."""
    found = read_aggregate(call)
    if found is None or found.cell.dtype != np.float64:
        return None
    members = parts_of(found.cell, found.axis)
    if members is None or not _helpful(found, members):
        return None
    means = Aggregate(found.session, "numpy.mean", found.cell, found.axis, found.keepdims)
    total, run_on = found.cell.shape[found.axis], found.session
    centre = means.of(found.cell)
    answer: Cell | None = None
    for part in members:
        away = run(run_on, "numpy.subtract", np.subtract, means.of(part), centre)
        spread = run(run_on, "numpy.add", np.add, found.of(part), _squared(run_on, away))
        term = _times(run_on, spread, float(part.shape[found.axis]) / total)
        answer = term if answer is None else run(run_on, "numpy.add", np.add, answer, term)
    # A mean much larger than the deviations from it takes digits from them.
    if answer is None or not bool((centre.value**2 <= _FAR**2 * answer.value).all()):
        return None
    return answer


_FAR = 1e3


def _squared(session: Session, cell: Cell) -> Cell:
    return run(session, "numpy.multiply", np.multiply, cell, cell)


def _times(session: Session, cell: Cell, weight: float) -> Cell:
    text = f"(@0,{encode(weight)})"
    return session.evaluate("numpy.multiply", np.multiply, text, [cell], [cell, weight])[0][0]


@rule(
    "aggregate.of_all",
    ("numpy.sum",),
    tolerance=_TOLERANCE,
    law="sum of all = sum of the column sums",
    rank=20,
)
def of_all(call: Call) -> Cell | None:
    """Add up the sums of the columns or rows of appended parts."""
    if len(call.cells) != 1 or len(call.args) != 1 or call.kwargs:
        return None
    cell = call.cells[0]
    if cell.ndim != 2 or cell.dtype.kind not in "fiu" or 0 in cell.shape:
        return None
    for axis in (0, 1):
        along = Aggregate(call.session, call.opcode, cell, axis, keepdims=False)
        members = parts_of(cell, axis)
        if members is not None and _helpful(along, members):
            sums = along.of(cell)
            return Aggregate(call.session, call.opcode, sums, 0, keepdims=False).of(sums)
    return None
