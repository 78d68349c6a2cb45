"""Sparse matrices: libsvm's lines, and Matrix Market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from clew.data.readers.plain import pyarrow
from clew.errors import InvalidParameter, MissingExtra, NotFound

_MOST_COLUMNS = 10_000


def read_matrix(path: str | Path) -> tuple[Any, Any]:
    """Return a sparse matrix (n_rows, n_columns) and targets, or None where the format has none.

    Parameters
    ----------
    path : str or Path
        ``.libsvm``, ``.svmlight``, ``.svm``, or ``.mtx``.

    Raises
    ------
    NotFound, InvalidParameter, MissingExtra
        As of `clew.data.readers.read`.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound("no such file", got=str(file))
    suffix = file.suffix.lower()
    try:
        if suffix == ".mtx":
            return _market(file).tocsr(), None
        if suffix in (".libsvm", ".svmlight", ".svm"):
            return _libsvm(file)
    except (ValueError, OSError) as error:
        raise InvalidParameter(f"{file.name} is no such matrix", got=str(error)[:300]) from error
    raise InvalidParameter("no matrix is read from such a file", got=file.name)


def libsvm(path: Path) -> Any:
    """Read ``target index:value …`` lines: a column ``target``, and one for each index."""
    pa = pyarrow()
    matrix, target = _libsvm(path)
    if matrix.shape[1] > _MOST_COLUMNS:
        raise InvalidParameter(
            "so many columns are no table",
            got=str(matrix.shape[1]),
            expected=f"{_MOST_COLUMNS} at most",
            hint="clew.data.readers.read_matrix keeps it sparse",
        )
    dense = matrix.tocsc()
    columns = {f"f{at + 1}": dense[:, [at]].toarray().ravel() for at in range(dense.shape[1])}
    whole = np.equal(np.mod(target, 1), 0).all()
    return pa.table({"target": target.astype(np.int64) if whole else target, **columns})


def matrix_market(path: Path) -> Any:
    """Read a Matrix Market file: ``row``, ``column`` (from 1, as it writes them), ``value``."""
    pa = pyarrow()
    matrix = _market(path).tocoo()
    order = np.lexsort((matrix.col, matrix.row))
    return pa.table(
        {
            "row": matrix.row[order].astype(np.int64) + 1,
            "column": matrix.col[order].astype(np.int64) + 1,
            "value": matrix.data[order],
        }
    )


def _market(path: Path) -> Any:
    try:
        from scipy import sparse
        from scipy.io import mmread
    except ImportError as error:
        raise MissingExtra(
            "Matrix Market needs SciPy", hint="pip install 'clew[sklearn]'"
        ) from error
    return sparse.coo_matrix(mmread(path))


def _libsvm(path: Path) -> tuple[Any, Any]:
    try:
        from sklearn.datasets import load_svmlight_file
    except ImportError as error:
        raise MissingExtra(
            "libsvm's format needs scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    # Rows are bytes: a path of the caller's is opened here, not by a library that may unpack it.
    with path.open("rb") as file:
        matrix, target = load_svmlight_file(file)
    return matrix, target
