"""The identity of estimator classes: name and version of a library's, the code of a user's own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from clew.lineage.canonical import frame
from clew.lineage.code import code_id
from clew.lineage.code.origin import is_project_module, release
from clew.reuse.estimators.patches import patches_of
from clew.steps.carried import ambient_in


class Notices(Protocol):
    """What remembers that user code was met."""

    user_code: bool
    ambient: str


_LIBRARY: dict[object, bool] = {}
_READING = threading.RLock()
"""CPython 3.11 may fail to build syntax trees in two threads at once."""

_NAMES: dict[type, bytes] = {}


def is_library(subject: Any) -> bool:
    """Tell whether a class, or a module given by name, belongs to an installed distribution."""
    known = _LIBRARY.get(subject)
    if known is None:
        module = subject if isinstance(subject, str) else subject.__module__
        known = _LIBRARY[subject] = not is_project_module(module)
        if not known:  # a project's module may be replaced: ask again
            del _LIBRARY[subject]
    return known


def is_user_class(cls: type) -> bool:
    """Tell whether any class that an instance's behaviour comes from is the project's own."""
    known = _USER.get(cls)
    if known is None:
        known = _USER[cls] = not all(is_library(base) for base in cls.__mro__)
    return known


_USER: dict[type, bool] = {}


def class_id(cls: type, notices: Notices | None = None) -> bytes:
    """Return the identity of a class.

    A library's class is named with the version of its distribution; a user's class is read anew
    each time, since its code may use globals that change.
    """
    if is_user_class(cls):
        if notices is not None:
            notices.user_code = True
        return b"u" + _read(cls, notices) + patches_of(cls, is_library)
    known = _NAMES.get(cls)
    if known is None:
        distribution, version = release(cls.__module__)
        parts = (cls.__module__, cls.__qualname__, distribution, version)
        known = _NAMES[cls] = b"".join(frame(part.encode()) for part in parts)
        if _lookup(cls) is not cls:  # made inside a function: the name does not say which one
            known = _NAMES[cls] = b"u" + code_id(cls)
    return known + patches_of(cls, is_library)


_AMBIENT: dict[bytes, str] = {}


def _read(cls: type, notices: Notices | None) -> bytes:
    """Return the id of a user's class, and notice what its code reads of the world."""
    with _READING:
        made = code_id(cls)
        if notices is not None:
            notices.ambient = notices.ambient or ambient_of(made, [cls])
    return made


def ambient_of(made: bytes, subjects: Iterable[object]) -> str:
    """Return what the code of classes and functions reads of the world ("" for nothing).

    Parameters
    ----------
    made : bytes
        An id that changes with the code.
    """
    found = _AMBIENT.get(made)
    if found is None:
        found = _AMBIENT[made] = "; ".join(ambient_in(subjects))
    return found


def _lookup(cls: type) -> object:
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found
