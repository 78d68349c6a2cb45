"""A frame with a schema to a matrix of numbers, and back (SystemML's frame transforms)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from clew.data.tables import columns_of
from clew.errors import InvalidParameter, NotFound, WrongType

How = Literal["pass", "recode", "onehot", "bin", "hash"]
HOWS = ("pass", "recode", "onehot", "bin", "hash")
_EXACT = 2.0**53


class FrameEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Encodes each column of a frame as its specification says, and decodes what can be.

    Missing values become NaN and missing values again.

    Parameters
    ----------
    spec
        For columns by name how they are encoded; others pass, where they are numbers or booleans,
        and are recoded where they are texts.

        - ``"pass"``: the number itself (booleans 0 and 1). Reversible.
        - ``"recode"``: the value's place among the sorted distinct ones, from 0. Reversible.
        - ``"onehot"``: a column of zeros and ones per distinct value. Reversible.
        - ``("bin", k)``: which of k bins of equal width, from 0; decoded to the bin's middle.
        - ``("hash", k)``: one of k numbers by a hash that is the same everywhere; not decoded.
    unknown
        A value that was not there when fitted: ``"error"``, or ``"missing"``.

    Attributes
    ----------
    meta_ : dict
        All that decoding needs, as plain data for JSON.

    Examples
    --------
    >>> from clew.data.transforms import FrameEncoder
    >>> frame = {"age": [39, 50], "sex": ["Male", "Female"]}
    >>> encoder = FrameEncoder({"sex": "onehot"}).fit(frame)
    >>> encoder.transform(frame).tolist()
    [[39.0, 0.0, 1.0], [50.0, 1.0, 0.0]]
    >>> encoder.inverse_transform([[39.0, 0.0, 1.0]]).to_pydict()
    {'age': [39], 'sex': ['Male']}
    """

    def __init__(
        self, spec: Mapping[str, Any] | None = None, unknown: Literal["error", "missing"] = "error"
    ) -> None:
        self.spec = spec
        self.unknown = unknown

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the columns of a frame.

        Parameters
        ----------
        X
            A pandas, Polars or Arrow table, a mapping of columns, or a path.
        """
        if self.unknown not in ("error", "missing"):
            raise InvalidParameter("unknown", got=str(self.unknown), expected="error or missing")
        columns = columns_of(X)
        spec = dict(self.spec or {})
        for name in spec:
            if name not in columns.names:
                raise NotFound(
                    "there is no such column", got=name, expected=", ".join(columns.names)
                )
        described = []
        for name in columns.names:
            array = columns.read(name)
            described.append(_described(name, array, _how(name, spec.get(name), array)))
        self.meta_ = {"columns": described}
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the matrix: shape (n, outputs)."""
        check_is_fitted(self)
        columns = columns_of(X)
        missing = [m["name"] for m in self.meta_["columns"] if m["name"] not in columns.names]
        if missing:
            raise NotFound("the frame lacks columns", got=", ".join(missing))
        parts = [
            _encoded(meta, columns.read(meta["name"]), self.unknown)
            for meta in self.meta_["columns"]
        ]
        return np.concatenate(parts, axis=1)

    def inverse_transform(self, Z: Any) -> Any:
        """Return the frame as an Arrow table, in its types; hashed columns are left out."""
        check_is_fitted(self)
        import pyarrow as pa

        matrix = np.asarray(Z, np.float64)
        width = sum(_width(meta) for meta in self.meta_["columns"])
        if matrix.ndim != 2 or matrix.shape[1] != width:
            raise InvalidParameter("the matrix", got=str(matrix.shape), expected=f"(n, {width})")
        found, at = {}, 0
        for meta in self.meta_["columns"]:
            part = matrix[:, at : at + _width(meta)]
            at += _width(meta)
            if meta["how"] != "hash":
                found[meta["name"]] = _decoded(meta, part)
        return pa.table(found)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return names of the outputs: the column's, or ``column=value``."""
        check_is_fitted(self)
        names: list[str] = []
        for meta in self.meta_["columns"]:
            own = meta["name"]
            names += [f"{own}={v}" for v in meta["values"]] if meta["how"] == "onehot" else [own]
        return np.asarray(names, object)

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any], **parameters: Any) -> FrameEncoder:
        """Return a fitted encoder from the `meta_` of another."""
        encoder = cls(**parameters)
        encoder.meta_ = dict(meta)
        return encoder

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags


def _how(name: str, given: Any, array: Any) -> tuple[How, int]:
    import pyarrow.types as types

    number = types.is_integer(array.type) or types.is_floating(array.type)
    plain = number or types.is_boolean(array.type)
    if given is None:
        given = "pass" if plain else "recode"
    how, size = given if isinstance(given, tuple) and len(given) == 2 else (given, 0)
    if how not in HOWS or (how in ("bin", "hash")) != bool(size):
        raise InvalidParameter(
            f"how {name} is encoded",
            got=str(given),
            expected='"pass", "recode", "onehot", ("bin", k) or ("hash", k)',
        )
    if (how == "pass" and not plain) or (how == "bin" and not number):
        raise WrongType(f"the column {name}, to be encoded as {how}", got=str(array.type))
    return how, int(size)


def _described(name: str, array: Any, how: tuple[How, int]) -> dict[str, Any]:
    import pyarrow.compute as pc

    meta: dict[str, Any] = {"name": name, "type": _type_name(name, array), "how": how[0]}
    if how[0] in ("recode", "onehot"):
        meta["values"] = sorted(pc.unique(array.drop_null()).to_pylist())
        if any(isinstance(value, float) and math.isnan(value) for value in meta["values"]):
            raise InvalidParameter(f"the column {name}", got="NaN", expected="missing as null")
    if how[0] == "hash":
        meta["size"] = how[1]
    if how[0] == "bin":
        numbers = array.drop_null().to_numpy(zero_copy_only=False).astype(np.float64)
        numbers = numbers[np.isfinite(numbers)]
        low, high = (numbers.min(), numbers.max()) if len(numbers) else (0.0, 0.0)
        meta |= {"size": how[1], "low": float(low), "high": float(high)}
    return meta


def _type_name(name: str, array: Any) -> str:
    import pyarrow.types as types

    kind = str(array.type)
    if types.is_dictionary(array.type):
        kind = str(array.type.value_type)
    kind = {"large_string": "string", "string_view": "string", "double": "float64"}.get(kind, kind)
    if kind == "string" or kind == "bool" or types.is_integer(array.type) or "float" in kind:
        return {"float": "float32", "halffloat": "float16"}.get(kind, kind)
    raise WrongType(
        f"the column {name}", got=str(array.type), expected="integers, floats, booleans or texts"
    )


def _encoded(meta: Mapping[str, Any], array: Any, unknown: str) -> npt.NDArray[np.float64]:
    import pyarrow.compute as pc
    import pyarrow.types as types

    known = pc.is_valid(array).to_numpy(zero_copy_only=False)
    if meta["how"] in ("recode", "onehot"):
        place = {value: k for k, value in enumerate(meta["values"])}
        codes = np.asarray([place.get(value, np.nan) for value in array.to_pylist()], np.float64)
        new = known & np.isnan(codes)
        if new.any() and unknown == "error":
            raise InvalidParameter(
                f"the column {meta['name']}",
                got=repr(array[int(new.argmax())].as_py()),
                expected=f"one of {len(place)} values that were fitted",
                hint='FrameEncoder(unknown="missing") takes it as missing',
            )
        if meta["how"] == "recode":
            return codes[:, None]
        hot = np.asarray(codes[:, None] == np.arange(len(place)), np.float64)
        hot[np.isnan(codes)] = np.nan
        return hot
    if meta["how"] == "hash":
        import xxhash

        texts = [None if value is None else str(value).encode() for value in array.to_pylist()]
        hashes = [
            np.nan if text is None else xxhash.xxh3_64_intdigest(text) % meta["size"]
            for text in texts
        ]
        return np.asarray(hashes, np.float64)[:, None]
    if not (types.is_integer(array.type) or types.is_floating(array.type)
            or types.is_boolean(array.type)):  # fmt: skip
        raise WrongType(f"the column {meta['name']}", got=str(array.type), expected=meta["type"])
    if types.is_integer(array.type) and len(array):
        span = pc.min_max(array).as_py()
        if any(value is not None and abs(value) > _EXACT for value in span.values()):
            raise InvalidParameter(
                f"the column {meta['name']}",
                got=str(span),
                expected="whole numbers that a float holds exactly, up to 2**53",
                hint='encode it as "recode"',
            )
    numbers = array.cast("float64").to_numpy(zero_copy_only=False).copy()
    numbers[~known] = np.nan
    if meta["how"] == "pass":
        return np.asarray(numbers[:, None])
    width = (meta["high"] - meta["low"]) / meta["size"]
    with np.errstate(invalid="ignore"):
        bins = np.floor((numbers - meta["low"]) / (width or 1.0))
    return np.asarray(np.clip(bins, 0, meta["size"] - 1)[:, None])


def _width(meta: Mapping[str, Any]) -> int:
    return len(meta["values"]) if meta["how"] == "onehot" else 1


def _decoded(meta: Mapping[str, Any], part: npt.NDArray[np.float64]) -> Any:
    import pyarrow as pa

    kind = pa.type_for_alias(meta["type"])
    if meta["how"] == "onehot":
        empty = np.isnan(part).any(axis=1) if part.shape[1] else np.ones(len(part), bool)
        codes = np.where(empty, np.nan, part.argmax(axis=1) if part.shape[1] else 0)
    else:
        codes = part[:, 0]
    empty = np.isnan(codes)
    if meta["how"] in ("recode", "onehot"):
        values = meta["values"]
        wrong = ~empty & ((codes < 0) | (codes >= len(values)) | (codes != np.floor(codes)))
        if wrong.any():
            raise InvalidParameter(
                f"codes of {meta['name']}",
                got=str(codes[wrong][0]),
                expected=f"whole numbers from 0 to {len(values) - 1}",
            )
        return pa.array([None if np.isnan(c) else values[int(c)] for c in codes], kind)
    if meta["how"] == "bin":
        width = (meta["high"] - meta["low"]) / meta["size"]
        return pa.array(meta["low"] + (codes + 0.5) * width, pa.float64(), from_pandas=True)
    if pa.types.is_floating(kind):
        return pa.array(codes, pa.float64(), mask=empty).cast(kind)
    whole = np.where(empty, 0.0, codes)
    if (whole != np.floor(whole)).any():
        raise InvalidParameter(f"numbers of {meta['name']}", got="fractions", expected=str(kind))
    return pa.array(whole.astype(np.int64), pa.int64(), mask=empty).cast(kind)
