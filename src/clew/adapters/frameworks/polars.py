"""Content ids of Polars values: names, types, and columns by what they say."""

from __future__ import annotations

from typing import Any

import polars as pl

from clew.adapters.frameworks.arrow import chunked_bytes
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register
from clew.lineage.fingerprint.containers import encode_items
from clew.lineage.fingerprint.walk import refusal


@register(pl.DataFrame, tag="polars.DataFrame")
def encode_frame(value: pl.DataFrame, ctx: Context) -> bytes:
    """Encode a frame: its height and its columns in order."""
    columns = b"".join(frame(_series(column, ctx)) for column in value.get_columns())
    return int(value.height).to_bytes(8, "little") + columns


@register(pl.Series, tag="polars.Series")
def encode_series(value: pl.Series, ctx: Context) -> bytes:
    """Encode a series: name, type, values."""
    return _series(value, ctx)


@register(pl.LazyFrame, tag="polars.LazyFrame")
@register(pl.Expr, tag="polars.Expr")
def refuse_lazy(value: object, ctx: Context) -> bytes:
    """Refuse what has not been computed: its files and plugins cannot be seen."""
    raise refusal(value, "it is a plan that was not computed; call .collect() first")


def _series(column: pl.Series, ctx: Context) -> bytes:
    name, kind = frame(encode(column.name, ctx)), frame(_kind(column.dtype, ctx))
    if _holds_objects(column.dtype):
        return name + kind + encode_items(column.to_list(), ctx)
    return name + kind + chunked_bytes(_arrow(column), ctx)


def _arrow(column: pl.Series) -> Any:
    # The codes of a Categorical depend on what the process saw before: only the words count.
    if column.dtype == pl.Categorical:
        column = column.cast(pl.String)
    return column.to_arrow(compat_level=pl.CompatLevel.newest())


def _holds_objects(dtype: Any) -> bool:
    inner = getattr(dtype, "inner", None)
    return dtype == pl.Object or (inner is not None and _holds_objects(inner))


def _kind(dtype: Any, ctx: Context) -> bytes:
    """Encode a type by name and parameters."""
    parts: dict[str, object] = {"name": type(dtype).__name__}
    if isinstance(dtype, pl.Enum):
        return ctx.fields(**parts) + chunked_bytes(dtype.categories.to_arrow(), ctx)
    if isinstance(dtype, pl.Struct):
        inner = [(field.name, _kind(field.dtype, ctx)) for field in dtype.fields]
        return ctx.fields(**parts, fields=inner)
    if getattr(dtype, "inner", None) is not None:
        shape = getattr(dtype, "shape", None)
        return ctx.fields(**parts, inner=_kind(dtype.inner, ctx), shape=shape)
    for name in ("time_unit", "time_zone", "precision", "scale"):
        parts[name] = getattr(dtype, name, None)
    return ctx.fields(**parts)
