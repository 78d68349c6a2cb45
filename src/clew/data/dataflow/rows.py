"""Row lineage: an expression rewritten so that each derived row carries the ids of its sources.

Where a row comes from (Buneman, Khanna, Tan, *Why and where*, ICDT 2001) goes through each
operator: filters, orders and projections pass ids on, a join pairs those of both sides, a group
collects those of its rows, a union keeps those of either side. The rewritten expression is an
expression like any other, and runs on any engine.

While a row comes from one row of a source, its id is a number; behind a group it is a list.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.expr.schema import Schema

from clew.errors import UnsupportedValue

_PREFIX = "__rows_of_"
# Operators whose rows are rows of their first input, with all of its columns.
_PASSING = (
    ops.DropColumns,
    ops.Filter,
    ops.JoinReference,
    ops.Limit,
    ops.Sample,
    ops.SelfReference,
    ops.Sort,
    ops.TableUnnest,
)
_ELSEWHERE = (ops.ExistsSubquery, ops.InSubquery, ops.ScalarSubquery, ops.WindowFunction)
_ONE_SIDED = ("semi", "anti")


def carried(
    expression: Any, ids: dict[str, tuple[str, str]], small: frozenset[str]
) -> tuple[Any, dict[str, str]]:
    """Return the expression with columns of ids, and the column of each source.

    Parameters
    ----------
    expression
        A table expression of Ibis over unbound tables.
    ids
        For each source's name, the table and the column that identifies its rows: integers, never
        null.
    small
        Names of the sources whose ids fit into 32 bits, which halves their lists.

    Raises
    ------
    UnsupportedValue
        For an operator through which rows cannot be followed.
    """
    names: dict[Any, tuple[str, ...]] = {}  # of each relation, before ids were added

    def replace(node: Any, kwargs: dict[str, Any] | None) -> Any:
        if isinstance(node, _ELSEWHERE):
            raise UnsupportedValue(
                "row lineage through a value that other rows make",
                got=type(node).__name__,
                expected="filter, join, group, union, and columns of the row itself",
            )
        if isinstance(node, ops.Union) and kwargs:
            made = _union(kwargs["left"], kwargs["right"], node, small)
            names[made] = tuple(node.schema)
            return made
        if isinstance(node, ops.Set):
            raise _unknown(node)
        made = node.__recreate__(kwargs) if kwargs else node
        if not isinstance(node, ops.Relation):
            return made
        result = _carrying(made, node, ids, small)
        names[result] = tuple(node.schema)
        return result

    op = expression.op().replace(replace)
    columns = {name: _PREFIX + name for name in ids if _PREFIX + name in op.schema}
    values = {name: ops.Field(op, name) for name in names[op]}
    values |= {column: ops.Field(op, column) for column in columns.values()}
    return ops.Project(op, values).to_expr(), columns


def _carrying(op: Any, given: Any, ids: dict[str, tuple[str, str]], small: frozenset[str]) -> Any:
    """Return a relation, whose inputs carry ids, as one that carries them too."""
    if isinstance(op, ops.UnboundTable) and op.name not in ids:
        return op
    if isinstance(op, ops.UnboundTable):
        name, column = ids[op.name]
        table = op.copy(name=name, schema=Schema({column: dt.int64, **op.schema.fields}))
        values = {name: ops.Field(table, name) for name in op.schema}
        number = ops.Cast(ops.Field(table, column), to=dt.int32 if op.name in small else dt.int64)
        return ops.Project(table, {**values, _PREFIX + op.name: number})
    if isinstance(op, _PASSING):
        return op
    if isinstance(op, ops.DropNull):
        columns = op.subset or [ops.Field(op.parent, name) for name in given.schema]
        return ops.DropNull(op.parent, how=op.how, subset=columns)
    if isinstance(op, ops.FillNull) and not isinstance(op.replacements, ops.Node):
        return op
    if isinstance(op, ops.Project):
        return ops.Project(op.parent, {**op.values, **_fields(op.parent)})
    if isinstance(op, ops.Aggregate):
        return ops.Aggregate(op.parent, op.groups, {**op.metrics, **_collected(op.parent)})
    if isinstance(op, ops.Distinct):
        groups = {name: ops.Field(op.parent, name) for name in given.schema}
        return ops.Aggregate(op.parent, groups, _collected(op.parent))
    if isinstance(op, ops.JoinChain):
        return _joined(op)
    raise _unknown(op)


def _unknown(op: Any) -> UnsupportedValue:
    return UnsupportedValue(
        "row lineage through this operator",
        got=type(op).__name__,
        expected="filter, join, group, union, distinct, order, limit",
    )


def _joined(op: Any) -> Any:
    sides = [op.first, *(link.table for link in op.rest if link.how not in _ONE_SIDED)]
    found: dict[str, list[Any]] = {}
    for side in sides:
        for name in _fields(side):
            found.setdefault(name, []).append(side)
    values = dict(op.values)
    for name, having in found.items():
        if len(having) == 1:
            values[name] = ops.Field(having[0], name)
            continue
        values[name] = ops.ArrayConcat(tuple(_as_list(side, name) for side in having))
    return op.copy(values=values)


def _union(left: Any, right: Any, given: Any, small: frozenset[str]) -> Any:
    columns = sorted({*_fields(left), *_fields(right)})
    sides = []
    for side in (left, right):
        values = {name: ops.Field(side, name) for name in given.schema}
        for name in columns:
            values[name] = _as_list(side, name) if name in side.schema else _empty(small, name)
        sides.append(ops.Project(side, values))
    both = ops.Union(*sides, distinct=False)
    if not given.distinct:
        return both
    groups = {name: ops.Field(both, name) for name in given.schema}
    return ops.Aggregate(both, groups, _collected(both))


def _fields(op: Any) -> dict[str, Any]:
    """Return the columns of ids that a relation carries."""
    return {name: ops.Field(op, name) for name in op.schema if name.startswith(_PREFIX)}


def _collected(op: Any) -> dict[str, Any]:
    """Return the ids of all rows of a group, for each source."""
    found = {}
    for name, field in _fields(op).items():
        collected = ops.ArrayCollect(field)
        found[name] = ops.ArrayFlatten(collected) if field.dtype.is_array() else collected
    return found


def _as_list(op: Any, name: str) -> Any:
    """Return a column of ids as lists; one that is missing, of an outer join, is empty."""
    field = ops.Field(op, name)
    column = field.to_expr()
    listed = column if field.dtype.is_array() else ops.Array((field,)).to_expr()
    none = ops.Literal((), dtype=listed.type()).to_expr()
    return column.isnull().ifelse(none, listed).op()


def _empty(small: frozenset[str], name: str) -> Any:
    kind = dt.int32 if name.removeprefix(_PREFIX) in small else dt.int64
    return ops.Literal((), dtype=dt.Array(kind))
