"""Content ids of SciPy sparse arrays: format, shape, and the arrays that hold them.

The order of indices and explicit zeros count; cached flags about them do not.
"""

from __future__ import annotations

from typing import Any

import scipy.sparse as sp

from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode, register

_PARTS = {
    "csr": ("indptr", "indices", "data"),
    "csc": ("indptr", "indices", "data"),
    "bsr": ("indptr", "indices", "data"),
    "coo": ("coords", "data"),
    "dia": ("offsets", "data"),
    "lil": ("dtype", "rows", "data"),
    "dok": ("dtype", "_dict"),
}


def _encode_sparse(value: Any, ctx: Context) -> bytes:
    parts = {name: getattr(value, name) for name in _PARTS[value.format]}
    return frame(encode(value.shape, ctx)) + ctx.fields(**parts)


for _kind in ("array", "matrix"):
    for _format in _PARTS:
        _name = f"{_format}_{_kind}"
        register(getattr(sp, _name), tag=f"scipy.sparse.{_name}")(_encode_sparse)
