"""Libraries that are loaded while a step runs: what their loading draws is not drawn by the step.

A library that is imported in a step's body, or by another at its first use, is loaded by the first
step that meets it and by no later one. Some draw random numbers meanwhile. If that counted, a
result would depend on what the process had imported before; so a library's loading leaves the
global generators where they were, and fresh entropy that it takes is its own. Modules of the
project count as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import local
from types import ModuleType
from typing import Any

from clew.lineage.code.origin import is_project_file
from clew.steps import rng
from clew.steps.context import executing


class _State(local):
    loads: bool = False


_state = _State()


def loads_library() -> bool:
    """Tell whether this thread is loading a library, on behalf of a step."""
    return _state.loads


def watch() -> None:
    """Look from now on at each library that a step loads."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Finder(MetaPathFinder):
    """Finds nothing by itself: lends the loader that others find a look at the generators."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if executing.get() is None or _state.loads:
            return None
        spec = self._found(fullname, path, target)
        loader = spec.loader if spec is not None else None
        if spec is None or loader is None or is_project_file(spec.origin or "", fullname):
            return spec
        load = getattr(loader, "exec_module", None)
        if load is not None and hasattr(loader, "__dict__") and not isinstance(loader, type):
            vars(loader)["exec_module"] = _aside(loader, load)
        return spec

    def _found(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            look = getattr(finder, "find_spec", None) if finder is not self else None
            spec: ModuleSpec | None = look(fullname, path, target) if look is not None else None
            if spec is not None:
                return spec
        return None


_finder = _Finder()


def _aside(loader: Loader, load: Callable[[ModuleType], Any]) -> Callable[[ModuleType], Any]:
    def loaded(module: ModuleType) -> Any:
        vars(loader).pop("exec_module", None)
        before = rng.Standing()
        had_torch = rng.torch_is_loaded()
        _state.loads = True
        try:
            return load(module)
        finally:
            _state.loads = False
            execution = executing.get()
            # Beside other steps nobody knows who drew; `company` sees that and says so.
            if execution is None or not execution.accompanied:
                before.put_back()
            if not had_torch and rng.torch_is_loaded():
                rng.torch_was_loaded()

    return loaded
