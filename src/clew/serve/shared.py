"""What is equal is held once: the parameters of many models in one process, by content.

A model's arrays, dictionaries and stages are asked for by their content id. Where two models have
the same, they hold the same object; where a folder is given, arrays are mapped from files, so that
several processes share the pages too. What nobody holds any more is freed.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import NotFound
from clew.lineage.fingerprint import fingerprint

T = TypeVar("T")
_pack = msgspec.msgpack.Encoder(order="deterministic").encode
_unpack = msgspec.msgpack.Decoder(list[str]).decode


class Terms(dict[str, int]):
    """A dictionary of terms that can be referred to weakly."""

    __slots__ = ("__weakref__",)


class Pool:
    """Arrays, dictionaries and stages by content id. May be used from several threads.

    Parameters
    ----------
    folder : Path, optional
        Where arrays and dictionaries are also kept as files. Without one they live as long as
        somebody holds them.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._arrays: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        self._terms: weakref.WeakValueDictionary[str, Terms] = weakref.WeakValueDictionary()
        self._made: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        self._numbers: list[int] = []
        self._lock = threading.RLock()

    def keep_array(self, array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
        """Return the id of an array and the one array of that content, read-only."""
        array = np.ascontiguousarray(array)
        id = fingerprint(array).hex()
        with self._lock:
            found = self._arrays.get(id)
            if found is not None:
                return id, found
            if self.folder is not None:
                path = self.folder / f"{id}.npy"
                if not path.exists():
                    self.write(path, lambda file: np.save(file, array, allow_pickle=False))
                return id, self.array(id)
            held = array.copy()
            held.setflags(write=False)
            self._arrays[id] = held
            return id, held

    def array(self, id: str) -> NDArray[Any]:
        """Return an array that is held, or map it from its file."""
        with self._lock:
            found = self._arrays.get(id)
            if found is None:
                path = self._path(id, ".npy")
                found = np.load(path, mmap_mode="r", allow_pickle=False)
                self._arrays[id] = found
            return found  # type: ignore[no-any-return]

    def keep_terms(self, terms: Mapping[str, int]) -> tuple[str, Mapping[str, int]]:
        """Return the id of a dictionary from terms to the places 0, 1, …, and the one of them."""
        ordered = sorted(terms, key=terms.__getitem__)
        content = _pack(ordered)
        id = fingerprint(content).hex()
        with self._lock:
            if self.folder is not None:
                path = self.folder / f"{id}.terms"
                if not path.exists():
                    self.write(path, lambda file: file.write(content))
            found = self._terms.get(id)
            if found is None:
                found = self._terms[id] = self._dictionary(ordered)
            return id, found

    def terms(self, id: str) -> Mapping[str, int]:
        """Return a dictionary that is held, or read it from its file."""
        with self._lock:
            found = self._terms.get(id)
            if found is None:
                ordered = _unpack(self._path(id, ".terms").read_bytes())
                found = self._terms[id] = self._dictionary(ordered)
            return found

    def once(self, parts: Any, make: Callable[[str], T]) -> T:
        """Return what was made of these parts before and is held still, or make it."""
        id = fingerprint(_pack(msgspec.to_builtins(parts))).hex()
        with self._lock:
            found = self._made.get(id)
            if found is None:
                found = self._made[id] = make(id)
            return found

    @staticmethod
    def write(path: Path, put: Callable[[Any], Any]) -> None:
        """Write a file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            put(file)
        Path(name).replace(path)

    def _dictionary(self, ordered: Iterable[str]) -> Terms:
        ordered = list(ordered)
        # The places of all dictionaries are the same few integers.
        self._numbers += range(len(self._numbers), len(ordered))
        return Terms(zip(ordered, self._numbers, strict=False))

    def _path(self, id: str, suffix: str) -> Path:
        path = None if self.folder is None else self.folder / f"{id}{suffix}"
        if path is None or not path.is_file():
            raise NotFound("no model holds this parameter any more", got=id)
        return path


SHARED = Pool()
"""What all models of this process hold together."""
