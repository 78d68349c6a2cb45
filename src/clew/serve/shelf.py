"""Compiled models in a folder: compiled ahead, opened without the library that they came from.

A file for each model, and a file for each parameter by content: what two models share is there
once, on disk as in memory, and is mapped into every process that opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from clew.errors import InvalidParameter, NotFound, UnsupportedValue
from clew.serve.compile import Attempt, Compiled
from clew.serve.forms import Form, GraphForm, TextForm
from clew.serve.parity import Parity
from clew.serve.ports import outside
from clew.serve.shared import Pool
from clew.serve.signature import Column, Signature
from clew.serve.text import text_plan_from

_NAME = re.compile(r"[\w][\w.@-]{0,99}")


class _File(msgspec.Struct, frozen=True):
    """What the file of a model holds."""

    form: str
    columns: list[Column]
    n_features: int
    texts: bool
    limits: tuple[bool, bool, float | None]
    reason: str
    parity: Parity | None
    node: str | None
    classes: list[Any]
    example: Any
    graph: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_File).decode


class Shelf:
    """Compiled models in a folder, by name.

    May be read by several processes at once; a model is written whole or not at all.

    Parameters
    ----------
    folder : Path
        It is made when a model is put into it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.pool = Pool(self.folder / "parameters")

    def names(self) -> list[str]:
        """Return the names of the models."""
        return sorted(path.name.removesuffix(".model") for path in self.folder.glob("*.model"))

    def put(self, name: str, compiled: Compiled) -> None:
        """Keep a compiled model.

        Raises
        ------
        UnsupportedValue
            When its form is made of Python objects: a ``"plan"`` or the ``"python"`` object.
        """
        path = self._path(name)
        form = compiled.ready
        if isinstance(form, TextForm):
            graph = form.plan.kept_in(self.pool).to_bytes()
        elif isinstance(form, GraphForm):
            graph = compiled.graph
        else:
            raise UnsupportedValue(
                "this form of a model is made of Python objects",
                got=compiled.form,
                expected="text or graph",
                hint='compile it with forms=["text"] or forms=["graph"]',
            )
        signature = compiled.signature
        largest = None if np.isinf(signature.largest) else signature.largest
        file = _File(
            compiled.form,
            list(signature.columns),
            signature.n_features,
            signature.texts,
            (signature.missing, signature.infinite, largest),
            compiled.attempts[-1].reason,
            compiled.parity,
            compiled.node,
            list(compiled.classes),
            compiled.example,
            graph,
        )
        self.pool.write(path, lambda out: out.write(_encode(file)))

    def get(self, name: str) -> Compiled:
        """Return a model, ready to serve; what it shares with open ones is not read again.

        Raises
        ------
        NotFound
            When there is no such model.
        """
        path = self._path(name)
        if not path.is_file():
            known = ", ".join(self.names()[:12]) or "none"
            raise NotFound("no such compiled model", got=name, expected=known)
        try:
            file = _decode(path.read_bytes())
        except msgspec.DecodeError as error:
            raise InvalidParameter("this is no compiled model", got=f"{path}: {error}") from None
        missing, infinite, largest = file.limits
        signature = Signature(
            tuple(file.columns),
            file.n_features,
            missing,
            infinite,
            float("inf") if largest is None else largest,
            file.texts,
        )
        form: Form
        if file.form == "text":
            form = TextForm(signature.columns[0].name, text_plan_from(file.graph, self.pool))
        else:
            form = GraphForm(signature, outside().exporter().open(file.graph))
        attempts = (Attempt(file.form, file.parity, file.reason),)  # type: ignore[arg-type]
        return Compiled(
            signature,
            attempts[0].form,
            attempts,
            file.graph,
            tuple(file.classes),
            file.node,
            file.example,
            form,
        )

    def __iter__(self) -> Iterator[tuple[str, Compiled]]:
        """Yield every model by name."""
        for name in self.names():
            yield name, self.get(name)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvalidParameter(
                "a compiled model's name", got=name[:100], expected="letters, digits, . _ @ -"
            )
        return self.folder / f"{name}.model"
