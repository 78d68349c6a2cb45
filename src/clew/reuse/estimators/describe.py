"""What an estimator is made of: class, code, parameters and fitted state, as one digest.

The walk reads `vars` of estimators and of the plain objects that they hold. Arrays are written by
a function that the caller gives: their content id where the digest becomes part of a key, XXH3
where it only tells whether a live object was edited.
"""

from __future__ import annotations

import functools
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.errors import Unhashable
from clew.lineage.canonical import Digest, digest, frame
from clew.lineage.code.origin import release
from clew.lineage.fingerprint import fingerprint
from clew.reuse.estimators.checks import package_of
from clew.reuse.estimators.classes import ambient_of, class_id, is_library
from clew.reuse.estimators.identity import FORMAT, Identities, scalar_bytes
from clew.steps.carried import fingerprint_with_code

IGNORED = frozenset(
    {"_parent_callback_ctx", "_callback_fit_ctx", "_skl_callbacks_to_teardown", "_doc_link_module"}
)
"""Attributes that scikit-learn keeps on estimators while a fit runs; no result depends on them."""

IN_PLACE = frozenset({"copy", "copy_X", "copy_x", "copy_X_train"})
"""Parameters that, when False, allow an estimator to write into its input (or to keep it)."""

NOTICED = IN_PLACE | {"random_state", "warm_start", "_skl_callbacks"}
"""Attributes of which the walk takes note."""

_PLAIN_BYTES = 48  # object header, __dict__ and __weakref__: nothing hidden in C


@dataclass(slots=True)
class Traits:
    """What the walk noticed on its way; reasons to execute or to be careful.

    Parameters
    ----------
    unseeded : bool
        A `random_state` is None.
    generator : bool
        A `random_state` is a generator object, whose state a fit advances.
    in_place : bool
        A `copy`-like parameter is False: the estimator may write into its input.
    user_code : bool
        A class or function of the project is reached.
    warm : bool
        `warm_start` is on.
    callbacks : bool
        Callbacks are set.
    foreign : bool
        A function of some other library than scikit-learn is reached: it may write into arrays.
    code : bytes
        Identity of the estimator's class.
    ambient : str
        What code of the project reads of the world (the clock, fresh entropy), if anything.
    """

    unseeded: bool = False
    generator: bool = False
    in_place: bool = False
    user_code: bool = False
    warm: bool = False
    callbacks: bool = False
    foreign: bool = False
    code: bytes = b""
    ambient: str = ""


@dataclass(slots=True)
class Walk:
    """One walk.

    Parameters
    ----------
    array : callable
        ``(value) -> bytes`` for arrays, frames and sparse matrices.
    """

    array: Callable[[Any], bytes]
    traits: Traits = field(default_factory=Traits)
    seen: dict[int, int] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)

    def state(self, estimator: Any) -> Digest:
        """Return the digest of an estimator: its class and all its attributes."""
        return self.parts(estimator)[0]

    def parts(self, estimator: Any) -> tuple[Digest, dict[str, bytes]]:
        """Return the digest of an estimator, and the encoding of each attribute.

        Raises
        ------
        Unhashable
            When it keeps state outside `vars`, or an attribute has no sound encoding.
        """
        cls = type(estimator)
        if not has_only_dict(cls):
            raise Unhashable(f"a {cls.__qualname__} keeps state outside its __dict__")
        found = {}
        for key, value in sorted(vars(estimator).items()):
            if key not in IGNORED:
                found[key] = self.attribute(key, value)
        self.traits.code = class_id(cls, self.traits)
        fields = [self.traits.code]
        for key, part in found.items():
            fields += [key.encode(), part]
        return digest("estimator-state", FORMAT, fields), found

    def attribute(self, key: str, value: Any) -> bytes:
        """Return the encoding of one attribute of the estimator that is walked."""
        self.notice(key, value)
        self.seen.clear()
        return self.write(value)

    def write(self, value: Any) -> bytes:
        """Return the encoding of any value."""
        scalar = scalar_bytes(value)
        if scalar is not None:
            return scalar
        writer = _WRITERS.get(type(value))
        if writer is not None:
            return writer(self, value)
        return self._other(value)

    def attributes(self, owner: Any, attributes: dict[str, Any]) -> bytes:
        """Return the encoding of named attributes, noticing what they ask for."""
        out = []
        for key in sorted(attributes):
            if key in IGNORED:
                continue
            value = attributes[key]
            self.notice(key, value)
            out.append(_framed(key) + frame(self.write(value)))
        return b"".join(out)

    def notice(self, key: str, value: Any) -> None:
        """Note what an attribute asks for."""
        traits = self.traits
        if value is False:
            traits.in_place |= key in IN_PLACE
        elif key not in NOTICED:
            return
        elif key == "random_state":
            traits.unseeded |= value is None
            traits.generator |= isinstance(value, np.random.RandomState | np.random.Generator)
        elif key == "warm_start":
            traits.warm |= bool(value)
        elif key == "_skl_callbacks":
            traits.callbacks |= bool(value)

    def _other(self, value: Any) -> bytes:
        cls = type(value)
        number = self.seen.get(id(value))
        if number is not None:
            return b"ref" + number.to_bytes(4, "little")
        self.seen[id(value)] = len(self.seen)
        self.kept.append(value)
        if is_data(value):
            return b"a" + self.array(value)
        if isinstance(value, dict):
            beside = frame(self.write(_beside(cls, value)))
            return b"m" + class_id(cls, self.traits) + beside + self._mapping(value)
        if isinstance(value, type):
            return b"k" + class_id(value, self.traits)
        if isinstance(value, functools.partial):
            return b"q" + self.write((value.func, value.args, value.keywords))
        if callable(value) and hasattr(value, "__qualname__"):
            return b"p" + self._code(value)
        if is_plain(cls):
            return b"o" + class_id(cls, self.traits) + self.attributes(value, vars(value))
        if is_library(cls):
            return self._reduced(value)
        return b"v" + self._project(value)

    def _mapping(self, value: dict[Any, Any]) -> bytes:
        if any(
            dict.get(value, key, True) is False for key in IN_PLACE
        ):  # of a function that is called
            self.traits.in_place = True
        return b"".join(frame(self.write(k)) + frame(self.write(v)) for k, v in value.items())

    def _code(self, value: Any) -> bytes:
        module = getattr(value, "__module__", None)
        name = getattr(value, "__qualname__", "")
        found: Any = sys.modules.get(module or "")
        for part in name.split("."):
            found = getattr(found, part, None)
        if module and found is value and is_library(module):
            self.traits.foreign |= not module.startswith("sklearn.")
            return b":".join(frame(part.encode()) for part in (*release(module), module, name))
        return self._project(value)

    def _project(self, value: Any) -> bytes:
        """Write a function or an object of the project's own, noticing what its code reads."""
        self.traits.user_code = True
        made, carried = fingerprint_with_code(value)
        self.traits.ambient = self.traits.ambient or ambient_of(made, carried)
        return made

    def _reduced(self, value: Any) -> bytes:
        """Write a library's C object (a tree, a search tree, a loss) by what rebuilds it."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            raise Unhashable(f"a {type(value).__qualname__} cannot be read") from error
        if not isinstance(reduced, tuple) or len(reduced) < 2:
            raise Unhashable(f"a {type(value).__qualname__} does not say what it is made of")
        if len(reduced) > 3 and any(part is not None for part in reduced[3:]):
            return b"v" + fingerprint(value)
        self.kept.append(reduced)
        return b"c" + class_id(type(value), self.traits) + self.write(tuple(reduced[:3]))


_MAPPINGS = (dict, OrderedDict, defaultdict, object)
_HEAP_TYPE = 1 << 9


def _beside(cls: type, value: dict[Any, Any]) -> tuple[Any, ...]:
    """Return what a mapping of a derived class consists of besides its items.

    Raises
    ------
    Unhashable
        When it keeps state where it cannot be read.
    """
    for base in cls.__mro__:
        written_in_c = base not in _MAPPINGS and not base.__flags__ & _HEAP_TYPE
        if written_in_c or vars(base).get("__slots__"):
            raise Unhashable(f"a {cls.__qualname__} keeps state outside its __dict__")
    factory = value.default_factory if isinstance(value, defaultdict) else None
    return (getattr(value, "__dict__", None), factory)


@functools.lru_cache(maxsize=4096)
def _framed(key: str) -> bytes:
    """Return the frame of an attribute's name: there are few, and they come again and again."""
    return frame(key.encode())


def _write_sequence(walk: Walk, value: Any) -> bytes:
    tag = b"l" if type(value) is list else b"t"
    if value and all(type(item) is str for item in value):
        return tag + b"s" + b"".join([frame(i.encode("utf-8", "surrogatepass")) for i in value])
    return tag + b"".join([frame(walk.write(item)) for item in value])


def _write_dict(walk: Walk, value: dict[Any, Any]) -> bytes:
    return b"d" + walk._mapping(value)


def _write_set(walk: Walk, value: Any) -> bytes:
    return b"e" + b"".join(sorted(frame(walk.write(item)) for item in value))


def _write_array(walk: Walk, value: np.ndarray[Any, Any]) -> bytes:
    if value.nbytes <= 4_096 and not value.dtype.hasobject and value.dtype.names is None:
        layout = (value.shape, value.strides, value.flags.writeable)
        head = f"{value.dtype.str}{layout}".encode()
        return b"n" + frame(head) + value.tobytes("A")
    return b"a" + walk.array(value)


def _write_numpy_scalar(walk: Walk, value: Any) -> bytes:
    return b"g" + str(value.dtype.str).encode() + bytes(value.tobytes())


def _write_slice(walk: Walk, value: slice) -> bytes:
    return b"x" + b"".join(frame(walk.write(p)) for p in (value.start, value.stop, value.step))


_NUMPY_SCALARS = (np.float64, np.float32, np.int64, np.int32, np.bool_, np.uint8, np.intp)
_WRITERS: dict[type, Callable[[Walk, Any], bytes]] = {
    list: _write_sequence,
    tuple: _write_sequence,
    dict: _write_dict,
    set: _write_set,
    frozenset: _write_set,
    np.ndarray: _write_array,
    slice: _write_slice,
    range: lambda walk, value: b"r" + f"{value.start},{value.stop},{value.step}".encode(),
    bytes: lambda walk, value: b"b" + value,
    **dict.fromkeys(_NUMPY_SCALARS, _write_numpy_scalar),
}


def is_data(value: Any) -> bool:
    """Tell whether a value is a table, an array or a sparse matrix."""
    if isinstance(value, np.ndarray):
        return True
    package = package_of(value)
    if package == "scipy":
        return hasattr(value, "tocsr") and hasattr(value, "nnz")
    return package in ("pandas", "polars", "pyarrow") and hasattr(value, "__len__")


def is_plain(cls: type) -> bool:
    """Tell whether instances consist of their `__dict__` alone.

    Not so for classes with slots, C fields, or a copy protocol of their own (estimators of
    scikit-learn only add their version to it).
    """
    known = _PLAIN.get(cls)
    if known is None:
        known = _PLAIN[cls] = _is_plain(cls)
    return known


_PLAIN: dict[type, bool] = {}
_OWN_COPY = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__deepcopy__")


def has_only_dict(cls: type) -> bool:
    """Tell whether instances keep nothing outside their `__dict__` (no slots, no C fields)."""
    if cls.__basicsize__ > _PLAIN_BYTES or cls.__dictoffset__ == 0 or cls.__itemsize__:
        return False
    return not any(vars(base).get("__slots__") for base in cls.__mro__[:-1])


def _is_plain(cls: type) -> bool:
    if not has_only_dict(cls):
        return False
    for base in cls.__mro__[:-1]:
        if base.__module__.startswith("sklearn.") and hasattr(base, "get_params"):
            continue
        if any(name in vars(base) for name in _OWN_COPY):
            return False
    return True


def content_walk(identities: Identities) -> Walk:
    """Return a walk whose digest names content: fit for keys."""
    return Walk(identities.of)
