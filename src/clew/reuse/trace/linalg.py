"""``scipy.linalg`` on traced arrays: SciPy has no protocol, so its functions are wrapped.

``from clew.reuse.trace import linalg`` gives functions of the same names and arguments; in a block
of `patched`, code that calls ``scipy.linalg.NAME`` reaches them too. On plain arrays they are
SciPy's own. Flags that let SciPy overwrite its inputs are dropped on traced ones. A function that
is not traced runs on the materialised arrays, and the session notes that.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clew.errors import MissingExtra
from clew.reuse.trace.dispatch import call, flatten, materialise
from clew.reuse.trace.link import is_traced

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...


NAMES = (
    "block_diag", "cho_factor", "cho_solve", "cho_solve_banded", "cholesky", "cholesky_banded",
    "circulant", "cosm", "det", "eig", "eig_banded", "eigh", "eigh_tridiagonal", "eigvals",
    "eigvals_banded", "eigvalsh", "eigvalsh_tridiagonal", "expm", "hankel",
    "hessenberg", "inv", "khatri_rao", "ldl", "lstsq", "lu", "lu_factor", "lu_solve",
    "matmul_toeplitz", "matrix_balance", "norm", "null_space", "orth", "orthogonal_procrustes",
    "pinv", "pinvh", "polar", "qr", "qr_multiply", "rq", "schur", "sinm", "solve",
    "solve_banded", "solve_circulant", "solve_continuous_are", "solve_continuous_lyapunov",
    "solve_discrete_are", "solve_discrete_lyapunov", "solve_sylvester", "solve_toeplitz",
    "solve_triangular", "solveh_banded", "sqrtm", "subspace_angles", "svd", "svdvals", "tanm",
    "toeplitz",
)  # fmt: skip

_made: dict[str, Callable[..., Any]] = {}


def _scipy() -> Any:
    try:
        return importlib.import_module("scipy.linalg")
    except ImportError as error:
        raise MissingExtra(
            "Traced functions of scipy.linalg need SciPy.", hint="pip install 'clew[sklearn]'"
        ) from error


def _wrapper(name: str) -> Callable[..., Any]:
    original: Callable[..., Any] = getattr(_scipy(), name)

    @functools.wraps(original)
    def run(*args: Any, **kwargs: Any) -> Any:
        sources = [value for value in flatten((args, kwargs)) if is_traced(value)]
        if not sources:
            return original(*args, **kwargs)
        kept = {k: v for k, v in kwargs.items() if not k.startswith("overwrite_")}
        go = call if name in NAMES else materialise
        return go(sources[0]._session, f"scipy.linalg.{name}", original, args, kept)

    return run


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]:
        if name.startswith("_") or not callable(getattr(_scipy(), name, None)):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name not in _made:
            _made[name] = _wrapper(name)
        return _made[name]


def _functions(module: Any) -> list[str]:
    return [name for name in module.__all__ if inspect.isfunction(getattr(module, name, None))]


@contextmanager
def patched() -> Iterator[None]:
    """Let ``scipy.linalg.NAME`` be the traced function while the block runs.

    Names that a module imported before (``from scipy.linalg import solve``) are not reached.
    """
    module = _scipy()
    before = {name: getattr(module, name) for name in _functions(module)}
    wrappers = {name: __getattr__(name) for name in before}
    for name, wrapper in wrappers.items():
        setattr(module, name, wrapper)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(module, name, original)
