"""Texts changed so that they mean the same: synonyms, words left out, words swapped.

All take a list of texts, a magnitude in [0, 1] that is the share of words touched, and the rows'
draws (Wei, Zou, *EDA: easy data augmentation*, EMNLP 2019). Words stand between white space; white
space stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from clew.augment.draws import Draws

_WORD = re.compile(r"\S+")
_EDGES = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)


def delete(texts: Sequence[str], magnitude: float, draws: Draws) -> list[str]:
    """Return texts without some of their words; one word at least stays."""
    result = []
    for row, text in enumerate(texts):
        words = _WORD.findall(text)
        drawn = draws.at(np.asarray([row])).uniform(max(len(words), 1))[0]
        kept = [word for word, u in zip(words, drawn, strict=False) if u >= magnitude]
        result.append(" ".join(kept or words[int(drawn.argmax()) :][:1]))
    return result


def swap(texts: Sequence[str], magnitude: float, draws: Draws) -> list[str]:
    """Return texts in which some words have changed places, two at a time."""
    result = []
    for row, text in enumerate(texts):
        words = _WORD.findall(text)
        own = draws.at(np.asarray([row]))
        if len(words) > 1:
            times = round(magnitude * len(words) / 2)
            places = (own.uniform(times, 2)[0] * len(words)).astype(int) if times else []
            for a, b in places:
                words[a], words[b] = words[b], words[a]
            result.append(" ".join(words))
        else:
            result.append(text)
    return result


def synonyms(
    texts: Sequence[str],
    magnitude: float,
    draws: Draws,
    table: Mapping[str, Sequence[str]],
) -> list[str]:
    """Return texts with some of the words that the table knows replaced by others of their meaning.

    A word is looked up without the punctuation around it, in lower case; a capital first letter
    stays one.
    """
    result = []
    for row, text in enumerate(texts):
        found = list(_WORD.finditer(text))
        drawn = draws.at(np.asarray([row])).uniform(max(len(found), 1), 2)[0]
        parts, end = [], 0
        for match, (whether, which) in zip(found, drawn, strict=False):
            parts.append(text[end : match.start()])
            word = match.group()
            parts.append(_other(word, table, which) if whether < magnitude else word)
            end = match.end()
        result.append("".join([*parts, text[end:]]))
    return result


def _other(word: str, table: Mapping[str, Sequence[str]], which: float) -> str:
    match = _EDGES.match(word)
    before, core, after = match.groups() if match else ("", word, "")
    others = table.get(core.lower())
    if not others:
        return word
    other = others[int(which * len(others))]
    return before + (other[:1].upper() + other[1:] if core[:1].isupper() else other) + after
