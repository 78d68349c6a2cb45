"""Where code comes from: the project, an installed distribution, or the standard library.

Project code is everything outside installed, non-editable distributions and the standard library:
scripts, notebooks, directories on ``PYTHONPATH``, editable installs. clew itself always counts as
a library: its own functions are named, not read.
"""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

PYTHON = ("python", f"{sys.version_info.major}.{sys.version_info.minor}")
_KNOWN = {  # top-level names whose distribution is called otherwise; spares a scan of all metadata
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "PyYAML",
    "dateutil": "python-dateutil",
}
_versions: dict[str, tuple[object, tuple[str, str]]] = {}
_readers: list[object] = []  # a replaced reader (a test, an import system) may say otherwise


@cache
def _stdlib_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({_directory(paths[key]) for key in ("stdlib", "platstdlib")})


@cache
def _site_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    roots = {_directory(paths[key]) for key in ("purelib", "platlib")}
    roots.update(_directory(path) for path in site.getsitepackages())
    roots.add(_directory(site.getusersitepackages()))
    return tuple(roots)


def _directory(path: str) -> str:
    return str(Path(path).absolute()).rstrip("/\\") + ("\\" if sys.platform == "win32" else "/")


def is_project_file(filename: str, module: str = "") -> bool:
    """Tell whether code of this file (of this module, where known) is the project's own.

    Examples
    --------
    >>> import json
    >>> is_project_file(json.__file__), is_project_file("<ipython-input-1>")
    (False, True)
    """
    return _is_project_file(filename, module.partition(".")[0])


@cache
def _is_project_file(filename: str, top: str) -> bool:
    if top == "clew" or filename.startswith("<frozen "):
        return False
    if filename.startswith(_site_roots()):
        return _is_unclaimed(filename)
    if "/site-packages/" in filename or "/dist-packages/" in filename:
        return False
    return not filename.startswith(_stdlib_roots())


def _is_unclaimed(filename: str) -> bool:
    """Tell whether a file was put among installed packages by hand: no distribution holds it."""
    if filename.endswith((".so", ".pyd")):
        return False
    root = next(root for root in _site_roots() if filename.startswith(root))
    top = filename[len(root) :].partition("/")[0].partition(".")[0]
    return _read_release(top)[1] == "unknown"


def is_project_module(name: str) -> bool:
    """Tell whether a module, given by its full name, is the project's own."""
    module = sys.modules.get(name)
    if isinstance(module, ModuleType):
        return is_project(module)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "clew":
        return False
    parent = sys.modules.get(top)
    return not isinstance(parent, ModuleType) or is_project(parent)


def is_project(module: ModuleType) -> bool:
    """Tell whether a loaded module is the project's own."""
    name = module.__name__
    spec = vars(module).get("__spec__")
    filename = vars(module).get("__file__")
    if isinstance(filename, str):
        return is_project_file(filename, name)
    origin = getattr(spec, "origin", None)
    if origin in ("built-in", "frozen") or name in sys.builtin_module_names:
        return False
    locations = list(getattr(spec, "submodule_search_locations", None) or ())
    if locations:  # a namespace package has directories instead of a file
        return any(is_project_file(str(place) + "/", name) for place in locations)
    return _is_project_without_file(name)


def _is_project_without_file(name: str) -> bool:
    """Judge a module that was made in memory by the package that it says it lies in."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "clew" or "cython" in top:
        return False
    parent = sys.modules.get(top)
    return top == name or not isinstance(parent, ModuleType) or is_project(parent)


def release(module: str) -> tuple[str, str]:
    """Return the distribution that holds a library module, and its version.

    The version that the loaded module states of itself is added where it differs from the
    installed one (an upgrade while the process runs).

    Examples
    --------
    >>> release("json") == PYTHON
    True
    """
    readers = (metadata.version, metadata.distribution)
    if readers != tuple(_readers):
        _readers[:] = readers
        _versions.clear()
    top = module.partition(".")[0]
    loaded = sys.modules.get(top)
    known = _versions.get(top)
    if known is None or known[0] is not loaded:  # imported again: perhaps another version
        known = _versions[top] = (loaded, _read_release(top))
    release = known[1]
    stated = vars(loaded).get("__version__") if isinstance(loaded, ModuleType) else None
    if release is PYTHON or not isinstance(stated, str) or stated == release[1]:
        return release
    return release[0], f"{release[1]} (loaded {stated})"


def _read_release(top: str) -> tuple[str, str]:
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return PYTHON
    for name in _distributions(top):
        try:
            return name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return top, "unknown"


def _distributions(top: str) -> Iterator[str]:
    yield _KNOWN.get(top, top)
    yield from sorted(set(_all_distributions().get(top, ())))  # reads all metadata: only if asked


@cache
def _all_distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())
