"""Ranges of bytes."""

from __future__ import annotations

import pytest

from clew.api.mlflow.ranges import Span, span_of

TAG = b'"x"'


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (b"bytes=0-3", Span(0, 4, True)),
        (b"bytes=4-", Span(4, 10, True)),
        (b"bytes=-3", Span(7, 10, True)),
        (b"bytes=-30", Span(0, 10, True)),
        (b"bytes=8-99", Span(8, 10, True)),
        (b"bytes=10-", None),
        (b"bytes=-0", None),
        (b"bytes=5-3", Span(0, 10, False)),
        (b"bytes=-", Span(0, 10, False)),
        (b"bytes=0-1,4-5", Span(0, 10, False)),
        (b"lines=0-1", Span(0, 10, False)),
        (b"bytes=99999999999999999999-", Span(0, 10, False)),
    ],
)
def test_span(text: bytes, span: Span | None) -> None:
    assert span_of({b"range": text}, 10, TAG) == span


def test_a_range_of_another_version_is_ignored() -> None:
    headers = {b"range": b"bytes=0-3", b"if-range": b'"y"'}
    assert span_of(headers, 10, TAG) == Span(0, 10, False)
    assert span_of({**headers, b"if-range": TAG}, 10, TAG) == Span(0, 4, True)


def test_an_empty_file_has_no_range() -> None:
    assert span_of({}, 0, TAG) == Span(0, 0, False)
    assert span_of({b"range": b"bytes=0-"}, 0, TAG) is None
