"""From a text to its terms, as scikit-learn's vectorizers cut it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from clew.errors import UnsupportedValue

Analyzer = Callable[[str], list[str]]
_SPACES = re.compile(r"\s\s+")


class Analysis(msgspec.Struct, frozen=True):
    """How texts become terms; fields as of scikit-learn's ``CountVectorizer``."""

    analyzer: Literal["word", "char", "char_wb"]
    lowercase: bool
    strip_accents: Literal["ascii", "unicode"] | None
    token_pattern: str | None
    stop_words: tuple[str, ...] | None
    ngram_range: tuple[int, int]


def analysis_of(vectorizer: Any) -> Analysis:
    """Return how a vectorizer analyses texts.

    Raises
    ------
    UnsupportedValue
        When it calls a function of its owner's.
    """
    named = {
        "analyzer": vectorizer.analyzer,
        "preprocessor": vectorizer.preprocessor,
        "tokenizer": vectorizer.tokenizer,
        "strip_accents": vectorizer.strip_accents,
    }
    own = [name for name, value in named.items() if callable(value)]
    if own or vectorizer.input != "content":
        got = ", ".join(own) or f"input={vectorizer.input!r}"
        raise UnsupportedValue("no plan for a vectorizer with functions or files", got=got)
    word = vectorizer.analyzer == "word"
    stop_words = vectorizer.get_stop_words() if word else None
    return Analysis(
        vectorizer.analyzer,
        bool(vectorizer.lowercase),
        vectorizer.strip_accents or None,
        vectorizer.token_pattern if word else None,
        None if stop_words is None else tuple(sorted(stop_words)),
        (int(vectorizer.ngram_range[0]), int(vectorizer.ngram_range[1])),
    )


def analyzer_of(analysis: Analysis) -> Analyzer:
    """Return the function that gives a text's terms, in order and with repetitions."""
    low, high = analysis.ngram_range
    clean = _cleaner(analysis)
    if analysis.analyzer == "char":
        return lambda text: _chars(_SPACES.sub(" ", clean(text)), low, high)
    if analysis.analyzer == "char_wb":
        return lambda text: _chars_in_words(clean(text), low, high)
    assert analysis.token_pattern is not None
    tokens = re.compile(analysis.token_pattern).findall
    stop_words = None if analysis.stop_words is None else frozenset(analysis.stop_words)

    def words(text: str) -> list[str]:
        found = tokens(clean(text))
        if stop_words is not None:
            found = [word for word in found if word not in stop_words]
        return found if high == 1 else _joined(found, low, high)

    return words


def _cleaner(analysis: Analysis) -> Callable[[str], str]:
    strip = {"ascii": _ascii, "unicode": _without_accents, None: None}[analysis.strip_accents]
    if strip is None:
        return str.lower if analysis.lowercase else str
    if not analysis.lowercase:
        return strip
    return lambda text: strip(text.lower())


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join([sign for sign in apart if not unicodedata.combining(sign)])


def _joined(tokens: list[str], low: int, high: int) -> list[str]:
    found = list(tokens) if low == 1 else []
    count = len(tokens)
    for n in range(max(low, 2), min(high, count) + 1):
        found += [" ".join(tokens[at : at + n]) for at in range(count - n + 1)]
    return found


def _chars(text: str, low: int, high: int) -> list[str]:
    found: list[str] = list(text) if low == 1 else []
    count = len(text)
    for n in range(max(low, 2), min(high, count) + 1):
        found += [text[at : at + n] for at in range(count - n + 1)]
    return found


def _chars_in_words(text: str, low: int, high: int) -> list[str]:
    found: list[str] = []
    for bare in text.split():
        word = f" {bare} "
        count = len(word)
        for n in range(low, high + 1):
            if n >= count:
                found.append(word)  # a short word counts once, whatever n
                break
            found += [word[at : at + n] for at in range(count - n + 1)]
    return found
