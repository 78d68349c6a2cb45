"""Settings in force: they decide results as much as the code does.

NumPy's handling of errors and its way of printing, scikit-learn's configuration, pandas' options,
the decimal context, the locale and the encoding of files, torch's default type; warnings that are
raised as errors; options of the interpreter; environment variables by which libraries choose how to
calculate. What stands at its default says nothing, so that a process with default settings has the
same environment whatever it has imported. Many of them belong to a thread.
"""

from __future__ import annotations

import _locale
import decimal
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
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
_DIGITS = 4300
_VARIABLES = (
    # Threads and kernels of linear algebra: sums in another order differ in their last bits.
    "OMP_NUM_THREADS", "OMP_DYNAMIC", "OMP_SCHEDULE", "OPENBLAS_", "GOTO_NUM_THREADS", "MKL_",
    "BLIS_", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_", "NPY_", "NUMBA_", "CUBLAS_", "XLA_FLAGS",
    "NVIDIA_TF32_OVERRIDE", "CUDA_VISIBLE_DEVICES", "JAX_ENABLE_X64", "JAX_DEFAULT_",
    "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "TORCH_ALLOW_TF32_", "ATEN_CPU_CAPABILITY",
    # How tables are shown, and the order in which sets of texts are gone through.
    "POLARS_", "PYTHONHASHSEED",
)  # fmt: skip
"""Beginnings of the names of variables that change what their library gives."""

_known: dict[tuple[Digest, Settings], Digest] = {}
_pandas_defaults: list[tuple[int, dict[str, Any]]] = []


def in_force() -> Settings:
    """Return the settings of this thread that are not at their defaults, by name."""
    modules = sys.modules
    found: list[tuple[str, str]] = []
    for library, look in _LOOKS:
        if library in modules:
            found += look()
    return tuple(found)


def environment_of(base: Environment) -> Environment:
    """Return the environment with the settings that are in force in this thread."""
    settings = in_force()
    zone = time_zone()
    if base[1].get("timezone", zone) != zone:  # It was set since the store was opened.
        settings = (*settings, ("time zone", zone))
    if not settings:
        return base
    key = (base[0], settings)
    if key not in _known:
        fields = [f"{name}={text}".encode() for name, text in settings]
        _known[key] = digest("environment-settings", 1, [base[0], *fields])
    return _known[key], {**base[1], **dict(settings)}


def time_zone() -> str:
    """Return the time zone that is named, and the one in which local times are told.

    They differ after TZ is changed and until somebody calls `tzset`, which C's `mktime` does too.
    """
    told = [time.localtime(at_s) for at_s in _WINTER_AND_SUMMER_S]
    offsets = [f"{at.tm_zone}{at.tm_gmtoff:+d}" for at in told]
    return "/".join((os.environ.get("TZ") or "", *time.tzname, *offsets))


_WINTER_AND_SUMMER_S = (946_684_800, 962_409_600)
"""January and July of 2000."""


def _differing(
    prefix: str, now: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if now == defaults:
        return
    for name, value in now.items():
        if value != defaults.get(name):
            yield f"{prefix} {name}", str(value)


def _numpy() -> Iterable[tuple[str, str]]:
    import numpy

    errors, printing = numpy.geterr(), numpy.get_printoptions()
    if errors == _NUMPY_ERRORS and printing == _NUMPY_PRINTING:
        return ()
    return (
        *_differing("numpy error", errors, _NUMPY_ERRORS),
        *_differing("numpy printing", printing, _NUMPY_PRINTING),
    )


def _sklearn() -> Iterable[tuple[str, str]]:
    from sklearn import _config, get_config

    now = get_config()
    if now == _SKLEARN:
        return ()
    # What this table does not know is of another scikit-learn, which knows its own default.
    own = getattr(_config, "_global_config", {})
    defaults = {name: _SKLEARN.get(name, own.get(name)) for name in now}
    return _differing("sklearn", now, defaults)


def _pandas() -> Iterable[tuple[str, str]]:
    from pandas._config import config

    options: Any = getattr(config, "_registered_options", {})
    if not _pandas_defaults or _pandas_defaults[0][0] != len(options):
        _pandas_defaults[:] = [(len(options), _nested(options))]
    now: Any = getattr(config, "_global_config", {})
    defaults = _pandas_defaults[0][1]
    return () if now == defaults else _differing("pandas", _flat(now), _flat(defaults))


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


def _decimal() -> Iterable[tuple[str, str]]:
    now = decimal.getcontext()
    if repr(now).partition("flags=")[0] == _DECIMAL_SHOWN and now.traps == _DECIMAL.traps:
        return ()
    return _decimal_changes(now)


def _decimal_changes(now: decimal.Context) -> Iterator[tuple[str, str]]:
    for name in _DECIMAL_NAMES:
        if getattr(now, name) != getattr(_DECIMAL, name):
            yield f"decimal {name}", str(getattr(now, name))
    if now.traps != _DECIMAL.traps:
        caught = sorted(kind.__name__ for kind, on in now.traps.items() if on)
        yield "decimal traps", " ".join(caught)


_DECIMAL_SHOWN = repr(_DECIMAL).partition("flags=")[0]


def _of_locale() -> Iterable[tuple[str, str]]:
    chosen = _locale.setlocale(_locale.LC_ALL, None)
    encoding = "utf-8" if sys.flags.utf8_mode else _locale.getencoding()
    key = chosen, encoding
    if key not in _known_locales:
        _known_locales[key] = tuple(_locale_changes(encoding))
    return _known_locales[key]


def _locale_changes(encoding: str) -> Iterator[tuple[str, str]]:
    for name in _LOCALES:
        chosen = _locale.setlocale(getattr(_locale, name), None)
        if chosen != "C":
            yield f"locale {name}", chosen
    if encoding.lower() not in ("utf-8", "utf8"):
        yield "encoding of files", encoding


_known_locales: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}


def _warnings() -> Iterable[tuple[str, str]]:
    """Name the filters that raise warnings, with those before them, which may keep some back.

    Whether another filter shows a warning changes no result.
    """
    listed = filters()
    if not any(entry[0] == "error" for entry in listed):
        return ()
    parts: list[str] = []
    last = 0
    for entry in listed:
        parts.append(_shown(entry))
        if entry[0] == "error":
            last = len(parts)
        if entry[1:] == (None, Warning, None, 0):
            break  # It decides for all warnings that come here.
    return (("warnings", "; ".join(parts[:last])),) if last else ()


def filters() -> list[Any]:
    """Return the warning filters in force."""
    of_thread = getattr(warnings, "_get_filters", None)  # Python 3.14
    return list(warnings.filters if of_thread is None else of_thread())


def _shown(entry: tuple[Any, ...]) -> str:
    action, message, category, module, line = entry
    kind = "error" if action == "error" else "pass"
    parts = [kind, _pattern(message), _category(category), _pattern(module), str(line or "")]
    return ":".join(parts)


def _pattern(text: Any) -> str:
    return "" if text is None else str(getattr(text, "pattern", text))


def _category(kind: Any) -> str:
    if isinstance(kind, tuple):
        return "|".join(map(_category, kind))
    return f"{kind.__module__}.{kind.__qualname__}"


def _interpreter() -> Iterable[tuple[str, str]]:
    found = []
    if sys.flags.optimize:
        found.append(("python optimize", str(sys.flags.optimize)))
    if sys.get_int_max_str_digits() != _DIGITS:
        found.append(("python int_max_str_digits", str(sys.get_int_max_str_digits())))
    return found


def _variables() -> Iterable[tuple[str, str]]:
    global _variables_seen
    # The dict behind `os.environ`: it is compared in a microsecond.
    now: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    if now != _variables_seen[0]:
        pairs = sorted(os.environ.items())
        found = [(f"variable {name}", text) for name, text in pairs if name.startswith(_VARIABLES)]
        _variables_seen = dict(now), tuple(found)
    return _variables_seen[1]


_variables_seen: tuple[dict[Any, Any], Settings] = {}, ()


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
_LOOKS: tuple[tuple[str, Callable[[], Iterable[tuple[str, str]]]], ...] = (
    ("sys", _interpreter),
    ("warnings", _warnings),
    ("os", _variables),
    ("numpy", _numpy),
    ("decimal", _decimal),
    ("_locale", _of_locale),
    ("pandas", _pandas),
    ("sklearn", _sklearn),
    ("torch", _torch),
)
