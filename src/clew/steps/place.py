"""Where a step's function lives: the module by which it is named and imported again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def module_of(function: Callable[..., Any]) -> str:
    """Return the module that names a function.

    A script that runs as ``__main__`` goes by its own name, so that it shares its nodes with
    itself imported. What is typed at a prompt or in a notebook stays in ``__main__``.
    """
    name = getattr(function, "__module__", None) or "__main__"
    if name not in ("__main__", "__mp_main__"):
        return name
    main = sys.modules.get(name)
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name:
        package: str = spec.name.removesuffix(".__main__")
        return package
    file = getattr(main, "__file__", None)
    return Path(file).stem if file and Path(file).suffix == ".py" else name


def import_root(function: Callable[..., Any]) -> str | None:
    """Return the folder from which a function's module is imported, None if it has no file."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    root = Path(file).absolute().parent
    parts = module_of(function).count(".") + (Path(file).name == "__init__.py")
    for _ in range(parts):
        root = root.parent
    return str(root)
