"""Code fingerprints: the facts added are *code ids* and what each of them covers.

The id of a function is the hash of its own text in normal form and of everything in the project
that it reaches. See `walk` for how far it goes and `tree` for what is left out.

A text counts only where it is proven to be the text of the code that runs: the file is compiled
again and its bytecode compared (`source`). Otherwise the bytecode itself is the fingerprint, under
another record type, so that the two are never mistaken for each other.

What is read is taken from the bytecode (`reads`) and looked up in the live process (`resolve`):
globals, attributes of modules, closure cells, defaults, class attributes. What a name means is
never cached, so a patched function or a constant that changes while the program runs counts.
Installed libraries and the standard library count by name and version (`origin`).

What cannot be followed: names built at run time (``getattr(obj, text)`` on an instance, plug-ins
found by a library), attributes that the project patches into classes of a library, and reads of
the world inside library code. `depends_on` declares such things.
"""

from clew.lineage.code.explain import explain
from clew.lineage.code.identify import code_id, code_record
from clew.lineage.code.record import CodeRecord, Unit

__all__ = ["CodeRecord", "Unit", "code_id", "code_record", "explain"]
