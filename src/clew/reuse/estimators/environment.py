"""What a float depends on besides the call: library builds, threads, scikit-learn's settings.

One thread and two round differently (1e-16 to 8e-13), as do two builds of the same BLAS, so they
join every key.
"""

from __future__ import annotations

import platform
import sys
import threading
import warnings
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from clew.errors import Unhashable
from clew.lineage.canonical import Digest, digest, frame
from clew.reuse.estimators.identity import FORMAT

_LIBRARIES = ("numpy", "scipy", "sklearn", "pandas", "polars", "pyarrow", "narwhals", "joblib")


_SILENT = frozenset({"ignore", "warn", "raise"})


class Environment:
    """The part of a key that comes from the process."""

    def __init__(self) -> None:
        self._controllers: list[Any] = []
        self._loaded = -1
        self._lock = threading.Lock()
        self._memo: dict[tuple[object, ...], Digest] = {}
        self._fixed = b""

    def id(self) -> Digest:
        """Return the id of the environment as it is now, in this thread.

        Raises
        ------
        Unhashable
            When NumPy tells somebody of floating-point errors, which a hit would not.
        """
        from sklearn import get_config

        self._refresh()
        errors = np.geterr()
        if not _SILENT.issuperset(errors.values()):
            raise Unhashable("floating-point errors are printed or handed on (np.errstate)")
        state = (
            tuple(lib.get_num_threads() for lib in self._controllers),
            tuple(get_config().items()),
            tuple(errors.items()),
            tuple(filters()),
            (*np.get_printoptions().items(), *_pandas_options()),
        )
        try:
            found = self._memo.get(state)
        except TypeError:  # a filter or a setting that cannot be hashed
            return self._digest(state)
        if found is None:
            found = self._memo[state] = self._digest(state)
        return found

    def record(self) -> dict[str, str]:
        """Return the environment as names and values, for people."""
        from sklearn import get_config

        self._refresh()
        found = {"python": platform.python_version(), "machine": platform.machine()}
        found |= {
            name: str(getattr(sys.modules[name], "__version__", ""))
            for name in _LIBRARIES
            if name in sys.modules
        }
        for number, lib in enumerate(self._controllers):
            found[f"threads {number} ({lib.internal_api})"] = str(lib.get_num_threads())
        found |= {f"sklearn {key}": str(value) for key, value in get_config().items()}
        return found | {f"errors {key}": str(value) for key, value in np.geterr().items()}

    def _refresh(self) -> None:
        """Read the builds again when compiled libraries may have been loaded since."""
        loaded = sum(name in sys.modules for name in _LIBRARIES)
        if loaded == self._loaded:
            return
        with self._lock:  # no thread may see one part of this without the other
            self._memo.clear()
            controllers = ThreadpoolController().lib_controllers
            self._controllers = sorted(controllers, key=lambda lib: (lib.prefix, lib.filepath))
            self._fixed = self._builds()
            self._loaded = loaded

    def _builds(self) -> bytes:
        parts = [platform.machine(), platform.system(), platform.python_version()]
        for name in _LIBRARIES:
            module = sys.modules.get(name)
            parts.append(f"{name}={getattr(module, '__version__', '')}")
        for lib in self._controllers:
            info = lib.info()
            info.pop("filepath", None)
            info.pop("num_threads", None)
            parts += [f"{key}={info[key]}" for key in sorted(info)]
        return b"".join(frame(part.encode()) for part in parts)

    def _digest(self, state: tuple[Any, ...]) -> Digest:
        threads, config, errors, shown, options = state
        fields = [self._fixed, ",".join(map(str, threads)).encode()]
        fields += [f"{key}={value}".encode() for key, value in (*config, *errors)]
        fields += [f"{key}={value}".encode() for key, value in options]
        for action, message, category, module, line in shown:
            names = (action, _pattern(message), _category(category))
            fields += [part.encode() for part in (*names, _pattern(module), str(line))]
        return digest("estimator-environment", FORMAT, fields)


def filters() -> list[tuple[Any, ...]]:
    """Return the warning filters in force: they decide which warnings a call shows or raises."""
    current = getattr(warnings, "_get_filters", None)
    return current() if current is not None else warnings.filters  # type: ignore[return-value]


def _pandas_options() -> tuple[tuple[str, Any], ...]:
    """Return the options of pandas that decide types, copies, and how a table reads as text."""
    module = sys.modules.get("pandas._config.config")
    options: Any = getattr(module, "_global_config", None)
    if not isinstance(options, dict):
        return ()
    sections = ("mode", "future", "display")
    return tuple(
        (key, tuple(value.items()) if isinstance(value, dict) else value)
        for name in sections
        for key, value in options.get(name, {}).items()
    )


def _pattern(value: Any) -> str:
    return "" if value is None else getattr(value, "pattern", value)


def _category(value: Any) -> str:
    if isinstance(value, tuple):
        return "|".join(map(_category, value))
    return f"{value.__module__}.{value.__qualname__}"
