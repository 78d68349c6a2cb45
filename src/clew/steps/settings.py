"""Settings of libraries in force: they decide results as much as the code does.

NumPy's handling of errors and its way of printing, scikit-learn's configuration, pandas' options,
the decimal context, the locale, torch's default type. What stands at its default says nothing, so
that a process with default settings has the same environment whatever it has imported. Many of them
belong to a thread.
"""

from __future__ import annotations

import decimal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clew.lineage.canonical import Digest, digest

Settings = tuple[tuple[str, str], ...]
Environment = tuple[Digest, Mapping[str, str]]

_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_NUMPY_PRINTING = {
    "precision": 8, "threshold": 1000, "edgeitems": 3, "linewidth": 75, "suppress": False,
    "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "floatmode": "maxprec",
    "legacy": False, "override_repr": None,
}  # fmt: skip
_SKLEARN = {
    "assume_finite": False, "working_memory": 1024, "print_changed_only": True,
    "display": "diagram", "pairwise_dist_chunk_size": 256, "enable_cython_pairwise_dist": True,
    "array_api_dispatch": False, "transform_output": "default", "enable_metadata_routing": False,
    "skip_parameter_validation": False, "sparse_interface": "spmatrix",
}  # fmt: skip
_DECIMAL = decimal.Context(
    prec=28, rounding=decimal.ROUND_HALF_EVEN, Emin=-999999, Emax=999999, capitals=1, clamp=0,
    flags=[], traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)  # fmt: skip
_DECIMAL_NAMES = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_LOCALES = ("LC_COLLATE", "LC_NUMERIC", "LC_TIME", "LC_MONETARY")

_known: dict[tuple[Digest, Settings], Digest] = {}
_pandas_defaults: list[tuple[int, dict[str, Any]]] = []


def in_force() -> Settings:
    """Return the settings of this thread that are not at their defaults, by name."""
    return tuple(
        pair for library, look in _LOOKS.items() if library in sys.modules for pair in look()
    )


def environment_of(base: Environment) -> Environment:
    """Return the environment with the settings that are in force in this thread."""
    settings = in_force()
    if not settings:
        return base
    key = (base[0], settings)
    if key not in _known:
        fields = [f"{name}={text}".encode() for name, text in settings]
        _known[key] = digest("environment-settings", 1, [base[0], *fields])
    return _known[key], {**base[1], **dict(settings)}


def _differing(
    prefix: str, now: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if now == defaults:
        return
    for name, value in now.items():
        if value != defaults.get(name):
            yield f"{prefix} {name}", str(value)


def _numpy() -> Iterator[tuple[str, str]]:
    import numpy

    yield from _differing("numpy error", numpy.geterr(), _NUMPY_ERRORS)
    yield from _differing("numpy printing", numpy.get_printoptions(), _NUMPY_PRINTING)


def _sklearn() -> Iterator[tuple[str, str]]:
    from sklearn import _config, get_config

    now = get_config()
    if now != _SKLEARN:
        # What this table does not know is of another scikit-learn, which knows its own default.
        own = getattr(_config, "_global_config", {})
        defaults = {name: _SKLEARN.get(name, own.get(name)) for name in now}
        yield from _differing("sklearn", now, defaults)


def _pandas() -> Iterator[tuple[str, str]]:
    from pandas._config import config

    options: Any = getattr(config, "_registered_options", {})
    if not _pandas_defaults or _pandas_defaults[0][0] != len(options):
        _pandas_defaults[:] = [(len(options), _nested(options))]
    now: Any = getattr(config, "_global_config", {})
    defaults = _pandas_defaults[0][1]
    if now != defaults:
        yield from _differing("pandas", _flat(now), _flat(defaults))


def _nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of pandas' options as pandas keeps their values."""
    found: dict[str, Any] = {}
    for name, option in options.items():
        *parents, last = name.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = option.defval
    return found


def _flat(options: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in sorted(options.items()):
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


def _decimal() -> Iterator[tuple[str, str]]:
    now = decimal.getcontext()
    for name in _DECIMAL_NAMES:
        if getattr(now, name) != getattr(_DECIMAL, name):
            yield f"decimal {name}", str(getattr(now, name))
    if now.traps != _DECIMAL.traps:
        caught = sorted(kind.__name__ for kind, on in now.traps.items() if on)
        yield "decimal traps", " ".join(caught)


def _locale() -> Iterator[tuple[str, str]]:
    import locale

    for name in _LOCALES:
        chosen = locale.setlocale(getattr(locale, name)) if hasattr(locale, name) else "C"
        if chosen != "C":
            yield f"locale {name}", chosen


def _torch() -> Iterator[tuple[str, str]]:
    torch: Any = sys.modules["torch"]
    for name, default in _TORCH.items():
        ask = getattr(torch, name, None)
        if ask is not None and str(ask()) != default:
            yield f"torch {name.removeprefix('get_')}", str(ask())


_TORCH = {
    "get_default_dtype": "torch.float32",
    "get_float32_matmul_precision": "highest",
    "are_deterministic_algorithms_enabled": "False",
}
_LOOKS: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "numpy": _numpy,
    "decimal": _decimal,
    "locale": _locale,
    "pandas": _pandas,
    "sklearn": _sklearn,
    "torch": _torch,
}
