"""What a code fingerprint covers, as frozen records that can be stored, shown and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew.lineage.canonical import CodeId, Digest, ValueId

UnitKind = Literal[
    "function", "class", "constant", "module", "library", "builtin", "missing", "dynamic"
]


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that a piece of code reads.

    Attributes
    ----------
    kind : str
        ``function``, ``class``, ``constant`` or ``module`` of the project; ``library`` or
        ``builtin`` where only the qualified name and the version count; ``missing`` for a name
        that has no value yet; ``dynamic`` for something that was declared or cannot be followed.
    module, name : str
        Where it lives and what it is called there (for display; not part of the digest).
    digest : Digest
        Hash of the unit alone: its own code, defaults and closure, without what it calls.
    value_id : ValueId or None
        Content id of a constant.
    text : str
        A constant as a reader would write it, where it is short and not a secret.
    source : str
        Source text, where it is known to be the text that runs.
    """

    kind: UnitKind
    module: str
    name: str
    digest: Digest
    value_id: ValueId | None = None
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Everything that a code id stands for.

    Attributes
    ----------
    id : CodeId
        The fingerprint; equal ids mean that no edit which could change a result lies between.
    module, qualname : str
        Where the object lives; not part of `id`.
    source : str
        Source text of the object itself; empty where the text on disk is not what runs.
    units : tuple of Unit
        What is read, the object itself first, in the order of the first visit.
    libraries : tuple of (str, str)
        Installed distributions used and their versions, sorted; ``("python", "3.11")`` stands for
        the standard library and the built-ins.
    ambient : tuple of str
        Undeclared reads of the world (clock, environment, entropy, network) that can be seen: while
        there are any, a step must execute.
    generators : tuple of str
        Global random generators that are drawn from, by library: ``random``, ``numpy.random``,
        ``torch``. Their state is an input and an output of the call.
    files : tuple of str
        Calls that open files, such as ``pandas.read_csv``: the content of a file is then an input
        that its name does not carry.
    paths : tuple of str
        Texts in the code and in the constants that it reads which could be names of files. A
        library that opens a file by itself is not seen doing so; where one of these texts names
        an existing file, its content should count as read.
    caches : tuple of str
        Functions that keep their answers (`functools.lru_cache`): what such an answer was made of
        may have been read long before the call.
    """

    id: CodeId
    module: str
    qualname: str
    source: str
    units: tuple[Unit, ...]
    libraries: tuple[tuple[str, str], ...]
    ambient: tuple[str, ...]
    generators: tuple[str, ...]
    files: tuple[str, ...]
    paths: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
