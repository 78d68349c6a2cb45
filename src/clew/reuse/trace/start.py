"""Where tracing begins, and what it says about itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.errors import WrongType
from clew.reuse.trace.array import TracedArray
from clew.reuse.trace.report import LEAF, Note, Stats
from clew.reuse.trace.rewrite import aggregate as _aggregate  # noqa: F401 - registers its rules
from clew.reuse.trace.rewrite import blocks as _blocks  # noqa: F401
from clew.reuse.trace.rewrite import diagonal as _diagonal  # noqa: F401
from clew.reuse.trace.rewrite import einsum as _einsum  # noqa: F401
from clew.reuse.trace.rewrite import elementwise as _elementwise  # noqa: F401
from clew.reuse.trace.rewrite import outer as _outer  # noqa: F401
from clew.reuse.trace.rewrite import product as _product  # noqa: F401
from clew.reuse.trace.rewrite import subset as _subset  # noqa: F401
from clew.reuse.trace.session import Session, current


def trace(array: Any, *, copy: bool = True, session: Session | None = None) -> TracedArray:
    """Return a traced array: every operation on it is recorded and reused.

    Parameters
    ----------
    array : array_like
        Numbers, times or fixed-width strings, of any shape. A traced array gives itself.
    copy : bool
        Keep a private copy, so that later changes of `array` do not matter (default). Without it
        the buffer is shared, its checksum is compared whenever it is read, and a change raises.
    session : Session, optional
        Where to look up and remember; that of the context by default.

    Raises
    ------
    Unhashable
        When the array has no content id (dtype object, structured dtypes).
    WrongType
        When it is a masked array, a matrix or a sparse one: they mean more than their elements.
    MutatedArgument
        Later, when an array traced with ``copy=False`` was changed.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.reuse.trace import trace
    >>> X = trace(np.arange(6.0).reshape(3, 2))
    >>> gram = X.T @ X
    >>> np.asarray(gram)
    array([[20., 26.],
           [26., 35.]])
    """
    if isinstance(array, TracedArray):
        return array
    if isinstance(array, np.ndarray) and type(array) is not np.ndarray:
        raise WrongType(
            "Subclasses of arrays cannot be traced.",
            got=type(array).__name__,
            expected="numpy.ndarray",
            hint="np.asarray(x) drops what the subclass adds.",
        )
    if hasattr(array, "toarray"):
        raise WrongType(
            "Sparse arrays cannot be traced.", got=type(array).__name__, expected="numpy.ndarray"
        )
    where = current() if session is None else session
    plain = np.asarray(array)
    cell = where.leaves.keep(plain) if copy or plain is not array else where.leaves.share(plain)
    return TracedArray(cell, where, LEAF)


def stats(session: Session | None = None) -> Stats:
    """Return the counts of a session: hits, misses, partial reuse, time saved."""
    return (current() if session is None else session).stats


def explain(session: Session | None = None) -> tuple[Note, ...]:
    """Return the operations that left the trace, with the reason of each."""
    return tuple((current() if session is None else session).notes)
