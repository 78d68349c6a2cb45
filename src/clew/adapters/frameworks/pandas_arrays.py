"""Encodings of pandas extension arrays: what they say, not what lies under missing values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandas.arrays import (
    ArrowExtensionArray,
    DatetimeArray,
    IntervalArray,
    NumpyExtensionArray,
    PeriodArray,
    SparseArray,
    TimedeltaArray,
)

from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register
from clew.lineage.fingerprint.arrays import array_bytes
from clew.lineage.fingerprint.objects import encode_object

_MASKED = (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)


@register(ExtensionArray, tag="pandas.array", subclasses=True, names_class=True)
def encode_values(values: Any, ctx: Context) -> bytes:
    """Encode an extension array by its dtype and values; an unknown kind by its parts."""
    if isinstance(values, np.ndarray):
        return b"numpy\0" + array_bytes(values, ctx)
    for kind, encoder in _KINDS:
        if isinstance(values, kind):
            return b"pandas\0" + frame(encode(values.dtype, ctx)) + encoder(values, ctx)
    return b"object\0" + encode_object(values, ctx)


def _categorical(values: Any, ctx: Context) -> bytes:
    return array_bytes(values.codes, ctx)


def _masked(values: Any, ctx: Context) -> bytes:
    data, mask = values._data, values._mask
    if mask.any():
        data = np.where(mask, data.dtype.type(0), data)
    return frame(array_bytes(data, ctx)) + array_bytes(mask, ctx)


def _arrow(values: Any, ctx: Context) -> bytes:
    return encode(values._pa_array, ctx)


def _numbers(values: Any, ctx: Context) -> bytes:
    return array_bytes(values._ndarray, ctx)


def _intervals(values: Any, ctx: Context) -> bytes:
    return ctx.fields(left=pd.Index(values.left), right=pd.Index(values.right))


def _sparse(values: Any, ctx: Context) -> bytes:
    index = values.sp_index
    places = array_bytes(index.to_int_index().indices, ctx)
    stored = array_bytes(values.sp_values, ctx)
    return ctx.fields(kind=values.kind, size=len(values)) + frame(places) + frame(stored)


_KINDS: list[tuple[Any, Callable[[Any, Context], bytes]]] = [
    (pd.Categorical, _categorical),
    (_MASKED, _masked),
    (ArrowExtensionArray, _arrow),
    ((DatetimeArray, TimedeltaArray, PeriodArray, NumpyExtensionArray), _numbers),
    (IntervalArray, _intervals),
    (SparseArray, _sparse),
]


@register(ExtensionDtype, tag="pandas.dtype", subclasses=True, shared=False, names_class=True)
def encode_extension_dtype(value: Any, ctx: Context) -> bytes:
    """Encode a pandas data type by its name and parameters."""
    kind = type(value)
    if not kind.__module__.startswith("pandas"):
        return b"object\0" + encode_object(value, ctx)
    return ctx.fields(name=kind.__name__, parameters=_parameters(value))


def _parameters(dtype: Any) -> tuple[object, ...]:
    match dtype:
        case pd.CategoricalDtype():
            return (dtype.categories, dtype.ordered)
        case pd.DatetimeTZDtype():
            return (dtype.unit, dtype.tz)
        case pd.IntervalDtype():
            return (str(dtype.subtype), dtype.closed)
        case pd.PeriodDtype():
            return (dtype.freq,)
        case pd.SparseDtype():
            return (dtype.subtype, dtype.fill_value)
        case pd.StringDtype():
            return (dtype.storage, dtype.na_value)
        case pd.ArrowDtype():
            return (dtype.pyarrow_dtype,)
    return ()
