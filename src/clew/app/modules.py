"""Code of the user: files and modules by name."""

from __future__ import annotations

import importlib
import os
import sys
import types
from pathlib import Path

from clew.errors import InvalidParameter, NotFound


def module_from(place: str, *, hint: str) -> types.ModuleType:
    """Return the module that a file (``flow.py``) or a dotted name holds.

    A file is imported as a module of its own name, with its folder first on the import path, as
    Python does for a script.

    Parameters
    ----------
    hint : str
        How to name one, for errors.

    Raises
    ------
    NotFound
        When there is no such file or module.
    InvalidParameter
        When the file's name is no module's, or another module's.
    """
    if place.endswith(".py"):
        path = Path(os.path.abspath(place))  # noqa: PTH100 - also without "..", which __file__ tells
        if not path.is_file():
            raise NotFound(f"no file {place}", hint=hint)
        if not path.stem.isidentifier():
            raise InvalidParameter("a file must have a name that Python can import", got=path.name)
        sys.path.insert(0, str(path.parent))
        module = importlib.import_module(path.stem)
        if getattr(module, "__file__", None) not in (str(path), str(path.resolve())):
            raise InvalidParameter(
                f"{path.name} has the name of another module",
                got=str(getattr(module, "__file__", path.stem)),
                hint="rename the file",
            )
        return module
    if not all(part.isidentifier() for part in place.split(".")):
        raise NotFound(
            f"{place!r} is neither a Python file nor a module",
            hint=hint,
        )
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is not None and place.split(".")[0] != error.name.split(".")[0]:
            raise
        raise NotFound(f"no module {place!r}", hint=hint) from None
