"""Code fingerprints as bytes: what the store keeps of them and gives back."""

from __future__ import annotations

import msgspec

from clew.lineage.code.record import CodeRecord
from clew.lineage.records import Code


def to_stored(record: CodeRecord) -> Code:
    """Return the record in the form in which a store keeps it."""
    return Code(record.id, f"{record.module}:{record.qualname}", msgspec.json.encode(record))


def from_stored(code: Code) -> CodeRecord:
    """Return the record that `to_stored` wrote."""
    return msgspec.json.decode(code.record, type=CodeRecord)
