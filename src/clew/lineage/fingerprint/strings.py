"""Digests of many strings at once: distinct strings and codes, or one joined buffer."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import stream_digest


def encode_strings(values: Sequence[str]) -> bytes:
    """Encode a sequence of exact ``str``.

    Few distinct strings are cheaper as a table and codes, many as one joined buffer; the content
    decides, so equal sequences always take the same form.
    """
    distinct = list(dict.fromkeys(values))
    if 2 * len(distinct) > len(values):
        return b"joined\0" + _joined(values)
    table = {text: code for code, text in enumerate(distinct)}
    codes = array("I", map(table.__getitem__, values))
    return b"coded\0" + _joined(distinct) + frame(stream_digest([codes.tobytes()]))


def _joined(values: Sequence[str]) -> bytes:
    """Return the digest of the strings' lengths, and of their UTF-8 text without separators."""
    lengths = array("Q", map(len, values))
    text = "".join(values).encode("utf-8", "surrogatepass")
    return frame(stream_digest([lengths.tobytes()])) + frame(stream_digest([text]))
