"""``scipy.linalg`` on traced arrays: SciPy has no protocol, so its functions are wrapped.

``from clew.reuse.trace import linalg`` gives functions of the same names and arguments; in a block
of `patched`, code that calls ``scipy.linalg.NAME`` reaches them too. On plain arrays they are
SciPy's own. Flags that let SciPy overwrite its inputs are dropped on traced ones.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clew.errors import MissingExtra
from clew.reuse.trace.dispatch import call, flatten
from clew.reuse.trace.link import is_traced

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...


NAMES = (
    "cho_factor", "cho_solve", "cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "expm",
    "inv", "lstsq", "lu", "lu_factor", "lu_solve", "norm", "null_space", "orth", "pinv", "pinvh",
    "polar", "qr", "rq", "schur", "solve", "solve_triangular", "sqrtm", "svd", "svdvals",
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
        return call(sources[0]._session, f"scipy.linalg.{name}", original, args, kept)

    return run


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]:
        if name not in NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name not in _made:
            _made[name] = _wrapper(name)
        return _made[name]


@contextmanager
def patched() -> Iterator[None]:
    """Let ``scipy.linalg.NAME`` be the traced function while the block runs.

    Names that a module imported before (``from scipy.linalg import solve``) are not reached.
    """
    module = _scipy()
    wrappers = {name: __getattr__(name) for name in NAMES}
    before = {name: getattr(module, name) for name in NAMES}
    for name, wrapper in wrappers.items():
        setattr(module, name, wrapper)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(module, name, original)
