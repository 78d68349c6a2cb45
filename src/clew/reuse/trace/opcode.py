"""Opcodes: importable names of functions, and what is known of each.

An opcode is the dotted name under which a program can import its function, so that a trace can be
run again by anybody who has the same libraries.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from clew.errors import InvalidParameter

GETITEM = "operator.getitem"
SETITEM = "operator.setitem"
OUTPUT = "clew.output"
"""One output of an item with several."""
MUTATE = "mutate:"
"""Prefix: the function writes into a copy of its target, and the copy is the result."""
WRITEBACK = "clew.writeback"
"""A view was written: the copy of its base with that part replaced."""
BLOCKS = "clew.blocks"
"""Submatrices of several matrices, put together."""
DRAW = "draw:"
"""Prefix: a method of a random generator, whose state is the first input."""

_HOMES = (
    "numpy", "numpy.fft", "numpy.linalg", "numpy.ndarray", "numpy.strings", "numpy.char",
    "scipy.linalg", "scipy.special",
)  # fmt: skip
_OPERATORS = frozenset({GETITEM, SETITEM, "operator.pow"})
_REFUSED = frozenset(
    {
        "DataSource", "apply_along_axis", "apply_over_axes", "dump", "dumps", "frombuffer",
        "fromfile", "frompyfunc", "fromfunction", "fromiter", "genfromtxt", "load", "loadtxt",
        "memmap", "open_memmap", "piecewise", "save", "savetxt", "savez", "savez_compressed",
        "show_config", "show_runtime", "test", "tofile", "vectorize", "errstate", "seterr",
        "seterrcall", "setbufsize", "set_printoptions", "info", "setflags",
    }
)  # fmt: skip
"""Functions that reach files, call back into code, or change the state of the process."""


def _ufuncs() -> dict[Any, str]:
    found = [value for value in vars(np).values() if isinstance(value, np.ufunc)]
    return {u: f"numpy.{u.__name__}" for u in found if getattr(np, u.__name__, None) is u}


UFUNCS = _ufuncs()

MUTATORS = frozenset(
    f"numpy.{name}"
    for name in ("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis")
)
"""Functions of NumPy that write into their first argument."""

UNTRACED = frozenset(
    {
        *(f"numpy.{n}" for n in ("save", "savez", "savez_compressed", "savetxt", "array_repr")),
        *(f"numpy.{n}" for n in ("array_str", "array2string", "shares_memory", "result_type")),
        *(
            f"numpy.{n}"
            for n in ("may_share_memory", "can_cast", "min_scalar_type", "busday_count")
        ),
        *(f"numpy.{n}" for n in ("iscomplexobj", "isrealobj", "common_type", "typename")),
        *(f"numpy.{n}" for n in ("array_equal", "array_equiv", "allclose", "datetime_as_string")),
        *(f"numpy.{n}" for n in ("einsum_path", "require", "save", "is_busday", "busday_offset")),
    }
)
"""Functions that give no array, or have effects: they run on the materialised arrays."""

UNINITIALISED = {"numpy.empty_like": "numpy.zeros_like", "numpy.empty": "numpy.zeros"}
"""Results with arbitrary bytes would not be values: zeros stand for them."""

DRAWS = frozenset(
    {
        "beta", "binomial", "bytes", "chisquare", "choice", "dirichlet", "exponential", "f",
        "gamma", "geometric", "gumbel", "hypergeometric", "integers", "laplace", "logistic",
        "lognormal", "logseries", "multinomial", "multivariate_hypergeometric",
        "multivariate_normal", "negative_binomial", "noncentral_chisquare", "noncentral_f",
        "normal", "pareto", "permutation", "permuted", "poisson", "power", "random", "rayleigh",
        "standard_cauchy", "standard_exponential", "standard_gamma", "standard_normal",
        "standard_t", "triangular", "uniform", "vonmises", "wald", "weibull", "zipf",
    }
)  # fmt: skip
"""Methods of generators whose result depends on the state and the arguments alone."""

_names: dict[Any, str | None] = {}
_functions: dict[str, Callable[..., Any]] = {}


def name_of(function: Any) -> str | None:
    """Return the opcode of a function, or None when it cannot be imported by that name."""
    try:
        return _names[function]
    except KeyError:
        found = _names[function] = _find_name(function)
        return found
    except TypeError:
        return None


def _find_name(function: Any) -> str | None:
    if function in UFUNCS:
        return UFUNCS[function]
    module = getattr(function, "__module__", None) or "scipy.special"
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", "")
    for candidate in (f"{module}.{name}", f"numpy.{name}"):
        try:
            if resolve(candidate) is function:
                return candidate
        except InvalidParameter:
            continue
    return None


def resolve(opcode: str) -> Callable[..., Any]:
    """Return the function of an opcode.

    Only functions of arrays are found: reading a trace from elsewhere cannot reach files, other
    modules, or anything that calls back into code.

    Raises
    ------
    InvalidParameter
        When there is no such function.
    """
    found = _functions.get(opcode)
    if found is None:
        found = _functions[opcode] = _import(opcode)
    return found


def _import(opcode: str) -> Callable[..., Any]:
    parts = opcode.split(".")
    if opcode in _OPERATORS:
        return getattr(operator, parts[1])  # type: ignore[no-any-return]
    if any(part.startswith("_") or part in _REFUSED for part in parts):
        raise _unknown(opcode)
    home, name = ".".join(parts[:-1]), parts[-1]
    try:
        if home in _HOMES:
            found = getattr(_home(home), name)
        else:
            # The methods of ufuncs: numpy.add.reduce.
            ufunc = getattr(_home(".".join(parts[:-2])), parts[-2])
            found = getattr(ufunc, name) if isinstance(ufunc, np.ufunc) else None
    except (AttributeError, IndexError, ImportError, ValueError) as error:
        raise _unknown(opcode) from error
    if not callable(found) or isinstance(found, type):
        raise _unknown(opcode)
    return found  # type: ignore[no-any-return]


def _home(name: str) -> Any:
    if name not in _HOMES:
        raise ImportError(name)
    return np.ndarray if name == "numpy.ndarray" else importlib.import_module(name)


def _unknown(opcode: str) -> InvalidParameter:
    return InvalidParameter(
        "A trace names an operation that does not exist here.",
        got=opcode,
        expected="a function of arrays in numpy, scipy.linalg or scipy.special",
    )


def drawing(opcode: str) -> str:
    """Return the method of a random generator that an opcode names.

    Raises
    ------
    InvalidParameter
        When generators do not draw by that name.
    """
    method = opcode.removeprefix(DRAW)
    if method not in DRAWS:
        raise _unknown(opcode)
    return method


def module_of(opcode: str) -> str:
    """Return the module that a program must import to call an opcode by its full name.

    Raises
    ------
    InvalidParameter
        When there is no such function.
    """
    resolve(opcode)
    if opcode in _OPERATORS:
        return "operator"
    home = opcode.rpartition(".")[0]
    return home if home in _HOMES and home != "numpy.ndarray" else "numpy"
