"""The array-API namespace of traced arrays: NumPy's, with creation functions that trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clew.reuse.trace.dispatch import call
from clew.reuse.trace.link import is_traced, wrap
from clew.reuse.trace.opcode import UNINITIALISED, resolve
from clew.reuse.trace.report import LEAF
from clew.reuse.trace.session import Session

_CREATORS = ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")


class Namespace:
    """NumPy's array-API functions; what they create is traced.

    Functions of arrays are NumPy's own and reach the trace through its protocols.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        if name in _CREATORS:
            return self._creator(name)
        return getattr(np, name)

    def asarray(
        self, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None
    ) -> Any:
        """Return a traced array of `obj`; a traced one gives itself unless a copy is asked for."""
        traced = obj
        if not is_traced(obj):
            cell = self._session.leaves.keep(np.asarray(obj))
            traced = wrap(self._session, cell, LEAF)
        if dtype is not None and np.dtype(dtype) != traced.dtype:
            return traced.astype(dtype)
        return traced.copy() if copy else traced

    def astype(self, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
        """Return the array with another dtype."""
        return x if not copy and x.dtype == np.dtype(dtype) else x.astype(dtype)

    def _creator(self, name: str) -> Callable[..., Any]:
        opcode = UNINITIALISED.get(f"numpy.{name}", f"numpy.{name}")
        function = resolve(opcode)

        def create(*args: Any, device: Any = None, **kwargs: Any) -> Any:
            return call(self._session, opcode, function, args, kwargs)

        create.__name__ = name
        return create


def namespace(session: Session, api_version: str | None = None) -> Namespace:
    """Return the namespace of a session.

    Raises
    ------
    ValueError
        When NumPy does not implement that version of the standard.
    """
    if api_version is not None:
        np.empty(0).__array_namespace__(api_version=api_version)  # type: ignore[arg-type]
    return Namespace(session)
