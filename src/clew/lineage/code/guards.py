"""What a walk met, kept so that the next one can be spared.

A program may change what any name means at any time, so a fingerprint is only as good as the walk
that it comes from. Where a walk met nothing but functions, library names and plain constants, all
of it can be looked at again in a few microseconds: the same objects under the same names, in the
same closures, with the same defaults and library versions, give the same fingerprint. Whatever
could change inside without being another object (a class, a list, a dict, an instance) makes the
walk *loose*: it is always done again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

from clew.lineage.code.origin import release

_ABSENT = object()
_MOST = 256
_SCALARS = frozenset({int, bool, float, str, bytes, complex, type(None)})
FIRM = _SCALARS | {FunctionType, BuiltinFunctionType, ModuleType, type}
"""Types whose handlers tell `Guards` what they rely on; all others make a walk loose."""


@dataclass(slots=True)
class Guards:
    """What one walk relies on.

    Attributes
    ----------
    is_loose : bool
        The walk met something that cannot be guarded.
    """

    is_loose: bool = False
    _names: list[tuple[dict[str, Any], str, object]] = field(default_factory=list)
    _cells: list[tuple[CellType, object]] = field(default_factory=list)
    _functions: list[tuple[FunctionType, tuple[object, ...]]] = field(default_factory=list)
    _releases: list[tuple[str, tuple[str, str]]] = field(default_factory=list)

    def name(self, namespace: dict[str, Any], name: str) -> None:
        """Rely on what a name stands for, or on there being none."""
        self._names.append((namespace, name, namespace.get(name, _ABSENT)))
        self.is_loose |= len(self._names) > _MOST

    def cell(self, cell: CellType) -> None:
        """Rely on what a closure holds."""
        self._cells.append((cell, _contents(cell)))

    def function(self, function: FunctionType) -> None:
        """Rely on a function of the project, besides what its body reads."""
        self._functions.append((function, _state(function)))
        plain = all(type(value) in _SCALARS for value in function.__defaults__ or ())
        self.is_loose |= not plain or bool(function.__kwdefaults__) or bool(vars(function))

    def release(self, top: str, found: tuple[str, str]) -> None:
        """Rely on the version of a library."""
        self._releases.append((top, found))

    def hold(self) -> bool:
        """Tell whether a walk now would meet exactly what this one met."""
        for namespace, name, value in self._names:
            if namespace.get(name, _ABSENT) is not value:
                return False
        for function, state in self._functions:
            now = _state(function)
            if not all(one is two for one, two in zip(now, state, strict=True)):
                return False
            if vars(function) or function.__kwdefaults__:
                return False
        for cell, value in self._cells:
            if _contents(cell) is not value:
                return False
        return all(release(top) == found for top, found in self._releases)


def _state(function: FunctionType) -> tuple[object, ...]:
    code: CodeType = function.__code__
    return (
        code,
        function.__defaults__,
        function.__module__,
        function.__name__,
        function.__qualname__,
    )


def _contents(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return _ABSENT
