"""Which format holds which value, and the law that all of them keep.

Nothing is imported for a value before a value of that library shows up; a stored value whose
library is not installed says which extra to install. Formats that cannot prove it check the law
when they encode: what comes back must have the content id of what went in.
"""

from __future__ import annotations

import importlib
import importlib.util
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from clew.adapters.formats import plain
from clew.adapters.formats.containers import BytesCodec, PlainCodec
from clew.errors import (
    CorruptValue,
    MissingExtra,
    StoreError,
    Unhashable,
    UnsafeLoad,
    UnsupportedValue,
)
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Codec, Encoded

_HERE = "clew.adapters.formats"

# Top-level package of the value's class → module and classes of the formats, in order.
_BY_PACKAGE: dict[str, tuple[str, tuple[str, ...]]] = {
    "numpy": ("arrays", ("ArrayCodec", "ObjectArrayCodec", "ScalarCodec")),
    "pyarrow": ("arrow", ("TableCodec", "ArrowArrayCodec")),
    "pandas": ("frames", ("PandasCodec",)),
    "polars": ("polars", ("PolarsCodec",)),
    "scipy": ("sparse", ("SparseCodec",)),
    "sklearn": ("estimators", ("EstimatorCodec",)),
    "torch": ("tensors", ("TensorCodec",)),
}
# Format name → module, class, extra that brings its library.
_BY_FORMAT: dict[str, tuple[str, str, str]] = {
    "array": ("arrays", "ArrayCodec", ""),
    "object-array": ("arrays", "ObjectArrayCodec", ""),
    "file": ("files", "FileCodec", ""),
    "scalar": ("arrays", "ScalarCodec", ""),
    "arrow": ("arrow", "TableCodec", "tables"),
    "arrow-array": ("arrow", "ArrowArrayCodec", "tables"),
    "pandas": ("frames", "PandasCodec", "pandas"),
    "polars": ("polars", "PolarsCodec", "polars"),
    "sparse": ("sparse", "SparseCodec", "sklearn"),
    "skops": ("estimators", "EstimatorCodec", "sklearn"),
    "safetensors": ("tensors", "TensorCodec", "torch"),
    "pickle": ("opaque", "OpaqueCodec", ""),
}
# Module of formats → what must be installed to read them.
_LIBRARIES: dict[str, tuple[str, ...]] = {
    "arrow": ("pyarrow",),
    "frames": ("pandas", "pyarrow"),
    "polars": ("polars", "pyarrow"),
    "sparse": ("scipy",),
    "estimators": ("sklearn", "skops"),
    "tensors": ("torch", "safetensors"),
}
_CHECKED = frozenset({"arrow", "frames"})
"""Modules of formats that check bytes thoroughly where the store is not trusted."""

_MAY_SHARE = frozenset({"skops"})
"""Formats of values that may hold an object which also lies elsewhere in the same container."""


class FormatRegistry:
    """All formats of this package: `Codecs` for one store.

    Parameters
    ----------
    trusted : bool
        Whether the store holds only what this user's own code wrote on this machine. Pickles are
        written to and read from such a store alone.
    fingerprint : callable, optional
        Gives content ids; default `clew.lineage.fingerprint.fingerprint`.
    """

    def __init__(
        self, *, trusted: bool, fingerprint: Callable[[object], ValueId] | None = None
    ) -> None:
        if fingerprint is None:
            from clew.lineage.fingerprint import fingerprint as default

            fingerprint = default
        self.trusted = trusted
        self.fingerprint: Callable[[object], ValueId] = fingerprint
        self._made: dict[tuple[str, str], Codec] = {}
        self._plain = PlainCodec(self)
        self._bytes = BytesCodec()

    def encode(
        self, value: object, id: ValueId | None = None
    ) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the bytes of a value, and its children.

        Raises
        ------
        UnsupportedValue
            When no format can hold it so that it comes back the same.
        """
        for codec in self._candidates(value):
            found = self._attempt(codec, value, id)
            if found is not None:
                return found
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise UnsupportedValue(
            f"no storage format holds a {kind} exactly",
            got=plain_text(value),
            expected="a value that comes back with the same content id",
            hint="return plain data, arrays, tables or estimators; the step is executed each time",
        )

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the value, private to the caller.

        Raises
        ------
        UnsafeLoad
            When reading would run code and the store is not trusted.
        MissingExtra
            When the library of its format is not installed.
        CorruptValue
            When the bytes are not what the format demands.
        """
        if encoded.trusted_only or encoded.format == "pickle":
            self._demand_trust()
        return self._decode(encoded, children)

    def readable(self) -> tuple[str, ...]:
        """Return the formats whose libraries are installed and that this store may read."""
        found = [self._plain.name, self._bytes.name]
        for form, (module, _, _) in _BY_FORMAT.items():
            installed = all(map(importlib.util.find_spec, _LIBRARIES.get(module, ())))
            if installed and (self.trusted or form != "pickle"):
                found.append(form)
        return tuple(found)

    def splits(self, value: object) -> bool:
        """Tell whether a leaf of a container is stored on its own: estimators, and what is big."""
        if type(value) is bytes:
            return True
        size = getattr(value, "nbytes", None)
        if isinstance(size, int):
            return size >= plain.SPLIT_BYTES
        return not self._is_opaque(value)

    def encode_leaf(self, value: object) -> Encoded:
        """Return the bytes of a small leaf.

        Raises
        ------
        UnsupportedValue
            When only pickle could hold it: then the whole container is pickled, which keeps what
            its members share.
        """
        encoded, _ = self.encode(value)
        if encoded.trusted_only:
            raise UnsupportedValue(f"a {type(value).__qualname__} needs pickle")
        return encoded

    def _attempt(
        self, codec: Codec, value: object, id: ValueId | None
    ) -> tuple[Encoded, Mapping[ValueId, object]] | None:
        try:
            if not codec.accepts(value):
                return None
            encoded, children = codec.encode(value)
            if codec.exact and self._are_apart(value, children):
                return encoded, children
            if self._comes_back(value, id, encoded, children):
                return encoded, children
        except (UnsupportedValue, Unhashable, StoreError, RecursionError):
            return None
        return None

    def _are_apart(self, value: object, children: Mapping[ValueId, object]) -> bool:
        """Tell whether children that come back private leave the container what it was."""
        if not any(self._name_for(child) in _MAY_SHARE for child in children.values()):
            return True
        from clew.lineage.fingerprint.sharing import leaves_apart

        return leaves_apart(value)

    def _comes_back(
        self,
        value: object,
        id: ValueId | None,
        encoded: Encoded,
        children: Mapping[ValueId, object],
    ) -> bool:
        again = self._decode(encoded, [self._copy(children[child]) for child in encoded.children])
        return self.fingerprint(again) == (id or self.fingerprint(value))

    def _copy(self, value: object) -> object:
        encoded, children = self.encode(value)
        return self._decode(encoded, [self._copy(children[child]) for child in encoded.children])

    def _decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        codec = self._codec_of(encoded.format)
        if len(children) != len(encoded.children):
            raise CorruptValue("a stored value has lost some of its members")
        try:
            return codec.decode(encoded, children)
        except (ValueError, KeyError, IndexError, TypeError, AssertionError, struct.error) as error:
            raise CorruptValue(
                f"stored bytes are not what the format {encoded.format!r} demands",
                got=f"{type(error).__name__}: {error}",
                hint="run the flow again: what the value was made from is known",
            ) from error

    def _candidates(self, value: object) -> Iterator[Codec]:
        if self._bytes.accepts(value):
            yield self._bytes
            return
        if plain.is_plain(value):
            yield self._plain
        else:
            yield from self._specific(value)
        if self.trusted:
            yield self._codec("opaque", "OpaqueCodec")

    def _specific(self, value: object) -> Iterator[Codec]:
        packages = (base.__module__.partition(".")[0] for base in type(value).__mro__)
        for package in dict.fromkeys(packages):
            module, classes = _BY_PACKAGE.get(package, ("", ()))
            for name in classes:
                try:
                    yield self._codec(module, name)
                except ImportError:
                    break  # Its storage library is not installed: another format may do.

    def _name_for(self, value: object) -> str:
        return next((codec.name for codec in self._candidates(value)), "")

    def _is_opaque(self, value: object) -> bool:
        return not any(codec.accepts(value) for codec in self._specific(value))

    def _codec_of(self, form: str) -> Codec:
        if form in (self._plain.name, self._bytes.name):
            return cast(Codec, self._plain if form == self._plain.name else self._bytes)
        if form not in _BY_FORMAT:
            raise StoreError(
                f"a value is stored in a format that this clew does not know: {form!r}",
                hint="upgrade with `pip install --upgrade clew`",
            )
        module, name, extra = _BY_FORMAT[form]
        try:
            return self._codec(module, name)
        except ImportError as error:
            raise MissingExtra(
                f"a value is stored in the format {form!r}, whose library is not installed",
                got=str(error),
                hint=f"pip install 'clew[{extra}]'",
            ) from error

    def _codec(self, module: str, name: str) -> Codec:
        made = self._made.get((module, name))
        if made is None:
            kind: Any = getattr(importlib.import_module(f"{_HERE}.{module}"), name)
            options = {"thorough": not self.trusted} if module in _CHECKED else {}
            made = self._made[module, name] = kind(**options)
        return made

    def _demand_trust(self) -> None:
        if not self.trusted:
            raise UnsafeLoad(
                "this value is a pickle, and reading it could run any code",
                got="a store that is shared, or was not declared trusted",
                hint="run its step again, or declare the store trusted if you know who wrote it",
            )


def plain_text(value: object) -> str:
    """Return the kind of a value for a message, never its content."""
    return f"{type(value).__module__}.{type(value).__qualname__}"
