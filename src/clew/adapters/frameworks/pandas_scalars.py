"""Encodings of pandas indexes, points and spans in time, offsets, and missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from clew.adapters.frameworks.pandas_arrays import encode_values
from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register


@register(type(pd.NA), tag="pandas.NA", shared=False)
@register(type(pd.NaT), tag="pandas.NaT", shared=False)
def encode_missing(value: object, ctx: Context) -> bytes:
    """Encode one of the two missing values; there is nothing more to it."""
    return b""


@register(pd.Index, tag="pandas.Index", shared=False)
@register(pd.CategoricalIndex, tag="pandas.CategoricalIndex", shared=False)
@register(pd.IntervalIndex, tag="pandas.IntervalIndex", shared=False)
@register(pd.PeriodIndex, tag="pandas.PeriodIndex", shared=False)
def encode_index(value: pd.Index, ctx: Context) -> bytes:
    """Encode an index: name and values."""
    return frame(encode(value.name, ctx)) + encode_values(value._values, ctx)


@register(pd.DatetimeIndex, tag="pandas.DatetimeIndex", shared=False)
@register(pd.TimedeltaIndex, tag="pandas.TimedeltaIndex", shared=False)
def encode_time_index(value: Any, ctx: Context) -> bytes:
    """Encode an index of points or lengths of time, with its frequency."""
    return frame(encode(value.freq, ctx)) + encode_index(value, ctx)


@register(pd.RangeIndex, tag="pandas.RangeIndex", shared=False)
def encode_range_index(value: pd.RangeIndex, ctx: Context) -> bytes:
    """Encode a range index, which is not the index of integers that equals it."""
    return ctx.fields(name=value.name, start=value.start, stop=value.stop, step=value.step)


@register(pd.MultiIndex, tag="pandas.MultiIndex", shared=False)
def encode_multi_index(value: pd.MultiIndex, ctx: Context) -> bytes:
    """Encode a multi-index: names, levels (unused entries too) and codes."""
    return ctx.fields(
        names=tuple(value.names),
        levels=tuple(value.levels),
        codes=tuple(np.asarray(codes) for codes in value.codes),
        sortorder=value.sortorder,
    )


@register(pd.Timestamp, tag="pandas.Timestamp", shared=False)
def encode_timestamp(value: pd.Timestamp, ctx: Context) -> bytes:
    """Encode a point in time: ticks, unit, zone, fold."""
    ticks = int(value.asm8.astype("int64"))
    return ctx.fields(ticks=ticks, unit=value.unit, tz=value.tz, fold=value.fold)


@register(pd.Timedelta, tag="pandas.Timedelta", shared=False)
def encode_timedelta(value: pd.Timedelta, ctx: Context) -> bytes:
    """Encode a length of time: ticks and unit."""
    return ctx.fields(ticks=int(value.asm8.astype("int64")), unit=value.unit)


@register(pd.Period, tag="pandas.Period", shared=False)
def encode_period(value: pd.Period, ctx: Context) -> bytes:
    """Encode a span of time."""
    return ctx.fields(ordinal=value.ordinal, freq=value.freq)


@register(pd.Interval, tag="pandas.Interval", shared=False)
def encode_interval(value: pd.Interval[Any], ctx: Context) -> bytes:
    """Encode an interval with the sides on which it is closed."""
    return ctx.fields(left=value.left, right=value.right, closed=value.closed)


@register(BaseOffset, tag="pandas.offset", subclasses=True, shared=False, names_class=True)
def encode_offset(value: Any, ctx: Context) -> bytes:
    """Encode a date offset by its kind and parameters."""
    parameters = {key: item for key, item in value.kwds.items() if key != "calendar"}
    kind = type(value)
    known = kind.__module__.startswith("pandas")
    return ctx.fields(
        kind=kind.__name__ if known else kind,
        n=value.n,
        normalize=value.normalize,
        parameters=dict(sorted(parameters.items())),
    )
