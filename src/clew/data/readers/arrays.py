"""Files of arrays: HDF5 and NetCDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.readers.plain import pyarrow
from clew.errors import InvalidParameter, MissingExtra, NotFound

Array = NDArray[Any]
Variable = tuple[tuple[str, ...], Array]
"""Names of the dimensions, and the values, missing ones masked."""


def hdf5(path: Path, *, at: str = "/") -> Any:
    """Read HDF5: the datasets of a group as columns, or one dataset.

    A dataset of records has a column for each field, one of two dimensions a column for each place
    in the second (``0``, ``1``, …); of a group those datasets count whose first dimension is the
    longest that several share.
    """
    pa = pyarrow()
    h5py = _h5py()
    with h5py.File(path, "r") as file:
        if at not in file:
            raise NotFound(f"nothing at {at!r} in {path.name}", expected=", ".join(file)[:200])
        found = file[at]
        if isinstance(found, h5py.Dataset):
            columns = _dataset(found.name.rpartition("/")[2], found[()], alone=True)
        else:
            held = {
                name: one[()]
                for name, one in found.items()
                if isinstance(one, h5py.Dataset) and one.ndim in (1, 2)
            }
            if not held:
                raise InvalidParameter(
                    f"{at!r} of {path.name} holds no columns",
                    got=", ".join(found)[:200] or "nothing",
                    expected="datasets; at='GROUP' names another group",
                )
            lengths = [len(one) for one in held.values()]
            rows = max(sorted(set(lengths), reverse=True), key=lengths.count)
            columns = {}
            for name, values in held.items():
                if len(values) == rows:
                    columns |= _dataset(name, values, alone=len(held) == 1)
    return pa.table({name: pa.array(_plain(values)) for name, values in columns.items()})


def netcdf(path: Path, *, variables: Sequence[str] | None = None) -> Any:
    """Read NetCDF: a row for each place of the dimensions, with its coordinates.

    Variables of fewer dimensions are repeated along the others. Fill values are missing, and values
    that were packed are unpacked (conventions CF, sections 2.5.1 and 8.1).

    Parameters
    ----------
    variables : sequence of str, optional
        Which; by default those that share the dimensions of the largest one.
    """
    pa = pyarrow()
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    held = _classic(path) if classic else _netcdf4(path)
    asked = list(held) if variables is None else list(variables)
    missing = [name for name in asked if name not in held]
    if missing:
        raise NotFound(f"no variable {missing[0]!r} in {path.name}", expected=", ".join(held)[:200])
    data = {name: held[name] for name in asked if held[name][0] != (name,)}
    if not data:  # coordinates alone
        data = {name: held[name] for name in asked}
    if not data:
        raise InvalidParameter(f"{path.name} has no variables")
    dims, largest = max(data.values(), key=lambda one: one[1].size)
    sizes = dict(zip(dims, largest.shape, strict=True))
    columns: dict[str, Array] = {}
    for name in dims:
        own = held.get(name)
        along = own[1] if own is not None and own[0] == (name,) else np.arange(sizes[name])
        columns[name] = _spread((name,), along, dims, sizes)
    for name, (own_dims, values) in data.items():
        if set(own_dims) <= set(dims):
            columns[name] = _spread(own_dims, values, dims, sizes)
        elif variables is not None:
            raise InvalidParameter(
                f"variable {name!r} has other dimensions",
                got=", ".join(own_dims),
                expected=", ".join(dims),
            )
    return pa.table({name: _masked(pa, values) for name, values in columns.items()})


def _spread(
    own: tuple[str, ...], values: Array, dims: tuple[str, ...], sizes: Mapping[str, int]
) -> Array:
    """Return values at each place of the dimensions, in their order."""
    order = [own.index(name) for name in dims if name in own]
    shape = [sizes[name] if name in own else 1 for name in dims]
    target = [sizes[name] for name in dims]
    data, mask = (
        np.broadcast_to(part.transpose(order).reshape(shape), target).ravel()
        for part in (np.ma.getdata(values), np.ma.getmaskarray(values))
    )
    return np.ma.array(data, mask=mask)


def _masked(pa: Any, values: Array) -> Any:
    return pa.array(_plain(np.ma.getdata(values)), mask=np.ma.getmaskarray(values))


def _classic(path: Path) -> dict[str, Variable]:
    try:
        from scipy.io import netcdf_file
    except ImportError as error:
        raise MissingExtra("NetCDF needs SciPy", hint="pip install 'clew[sklearn]'") from error
    with netcdf_file(path, "r", mmap=False) as file:
        return {
            name: (tuple(one.dimensions), _unpacked(np.array(one[...]), one._attributes))
            for name, one in file.variables.items()
        }


def _netcdf4(path: Path) -> dict[str, Variable]:
    h5py = _h5py()
    with h5py.File(path, "r") as file:
        found = {}
        for name, one in file.items():
            if not isinstance(one, h5py.Dataset):
                continue
            if b"This is a netCDF dimension but not" in one.attrs.get("NAME", b""):
                continue
            scales = [
                next((str(scale.name).lstrip("/") for scale in dim.values()), None)
                for dim in one.dims
            ]
            is_scale = one.attrs.get("CLASS") == b"DIMENSION_SCALE" and one.ndim == 1
            dims = (name,) if is_scale else tuple(s or f"{name}_{i}" for i, s in enumerate(scales))
            found[name] = (dims, _unpacked(np.asarray(one[()]), dict(one.attrs)))
        return found


def _unpacked(values: Array, attributes: Mapping[str, Any]) -> Array:
    """Return values with fill values masked, in their own scale; characters as texts."""
    values = values.astype(values.dtype.newbyteorder("="))
    mask = np.zeros(values.shape, dtype=bool)
    for name in ("_FillValue", "missing_value"):
        if name in attributes and values.dtype.kind in "iuf":
            mask |= np.isin(values, np.asarray(attributes[name]).astype(values.dtype))
    scale, offset = attributes.get("scale_factor"), attributes.get("add_offset")
    if (scale is not None or offset is not None) and values.dtype.kind in "iuf":
        one = 1.0 if scale is None else float(np.ravel(scale)[0])
        values = values * one + (0.0 if offset is None else float(np.ravel(offset)[0]))
    return np.ma.array(values, mask=mask)


def _dataset(name: str, values: Any, *, alone: bool) -> dict[str, Array]:
    found = np.asarray(values)
    if found.dtype.names:
        return {field: found[field] for field in found.dtype.names}
    if found.ndim == 2:
        return {str(at) if alone else f"{name}_{at}": found[:, at] for at in range(found.shape[1])}
    if found.ndim != 1:
        raise InvalidParameter("a dataset that is no table", got=f"{name}: {found.shape}")
    return {name: found}


def _plain(values: Array) -> Any:
    """Return values as Arrow takes them: bytes that are texts as texts."""
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "O":
        return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("HDF5 needs h5py", hint="pip install 'clew[hdf5]'") from error
    return h5py
