"""What a model takes besides what its sample holds: gaps, infinities, sizes, unseen texts.

Many models refuse some of these, while a plan or a graph would compute on, to some answer. So the
model itself is asked, column by column, on several rows that it answers differently. What it
refuses is refused before any form sees it; what it takes becomes part of the comparison.
"""

from __future__ import annotations

import math
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from clew.serve.outputs import series_of
from clew.serve.signature import Column, Signature

ROWS = 16
"""Rows on which each question is asked."""

_SIZES = (1.7e308, 1e150, 1e100, 1e45, 3e38, 1e37, 1e30, 1e18, 1e15, 1e9)
_UNSEEN = "\u2400 a text that no sample has"
_REFUSED_ROWS = 3
_SORTED_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of asking.

    Parameters
    ----------
    signature : Signature
        With what each column may hold.
    taken : tuple of frames or arrays
        Rows that no sample has and that the model answers; each as the model is to be asked.
    refused : tuple of frames
        Single rows whose texts the model refuses.
    """

    signature: Signature
    taken: tuple[Any, ...]
    refused: tuple[Any, ...] = ()


def probed(model: Any, sample: Any, signature: Signature) -> Probed:
    """Ask a model what it takes.

    Parameters
    ----------
    sample : frame or (n_rows, n_features) array
        Rows as the model was fitted on; some of them are changed for each question.
    """
    rows = varied(model.predict, sample)
    if signature.texts:
        return _texts(model.predict, rows, sample, signature)
    if not signature.is_frame:
        return _matrix(model.predict, np.asarray(rows, dtype=np.float64), signature)
    asking = _Asking(model.predict, rows, sample)
    columns = asking.columns(signature.columns)
    asking.all_gaps(columns)
    taken = tuple(_merged(asking.taken))
    return Probed(replace(signature, columns=columns), taken, tuple(asking.refused))


def varied(predict: Callable[[Any], Any], sample: Any, n_rows: int = ROWS) -> Any:
    """Return a few rows of a sample: from all over it, and from all over the model's answers."""
    chosen = np.random.default_rng(0).permutation(len(sample))[:_SORTED_ROWS]
    answers = np.asarray(predict(_taken(sample, chosen)))
    order = chosen[np.argsort(answers.reshape(len(chosen), -1)[:, 0], kind="stable")]
    places = np.unique(np.linspace(0, len(order) - 1, min(n_rows, len(order))).astype(int))
    return _taken(sample, order[places])


def _merged(frames: Iterable[Any]) -> Iterator[Any]:
    """Yield frames below one another where their dtypes are the same: fewer calls, same rows."""
    import pandas as pd

    for group in _alike(frames).values():
        yield pd.concat(group, ignore_index=True)


def _alike(frames: Iterable[Any]) -> dict[tuple[Any, ...], list[Any]]:
    """Return frames by their dtypes."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for frame in frames:
        groups.setdefault(tuple(frame.dtypes), []).append(frame)
    return groups


def _taken(sample: Any, positions: Any) -> Any:
    if hasattr(sample, "iloc"):
        return sample.iloc[positions].reset_index(drop=True)
    if isinstance(sample, list):
        return [sample[at] for at in positions]
    return np.asarray(sample)[positions]


@dataclass(slots=True)
class _Asking:
    """Questions about the columns of a frame, and the rows that came of them."""

    predict: Callable[[Any], Any]
    rows: Any
    sample: Any
    taken: list[Any] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)

    def columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Ask about the columns; return them with what they may hold."""
        missing = self._keep([self._with(column, None) for column in columns])
        self._texts([column for column in columns if column.kind == "text"])
        numbers = [column for column in columns if column.kind in ("number", "integer")]
        signs = [(self._with(c, math.inf), self._with(c, -math.inf)) for c in numbers]
        answered = self._ask([frame for both in signs for frame in both])
        taken = [all(yes) for yes in zip(answered[::2], answered[1::2], strict=True)]
        self.taken += [
            frame for both, yes in zip(signs, taken, strict=True) if yes for frame in both
        ]
        sizes = {c.name: self._largest(c) for c, yes in zip(numbers, taken, strict=True) if not yes}
        found = (
            replace(column, infinite=False, largest=sizes[column.name])
            if column.name in sizes
            else column
            for column in columns
        )
        return tuple(replace(c, missing=gaps) for c, gaps in zip(found, missing, strict=True))

    def _largest(self, column: Column) -> float:
        return _largest(
            lambda size: all(
                takes(self.predict, self._with(column, value)) for value in (size, -size)
            )
        )

    def all_gaps(self, columns: tuple[Column, ...]) -> None:
        """Add rows whose columns are all missing, wherever they may be."""
        rows = self.rows.copy()
        for column in columns:
            if column.missing:
                rows[column.name] = series_of(column, [None] * len(rows))
        self._takes(rows)

    def _texts(self, columns: Sequence[Column]) -> None:
        odd = [
            self._with(column, text)
            for column in columns
            for text in odd_texts(
                [str(value) for value in self.sample[column.name].dropna().unique()[:200]]
            )
        ]
        for rows, answered in zip(odd, self._keep(odd), strict=True):
            for at in range(0 if answered else min(len(rows), _REFUSED_ROWS)):
                row = rows.iloc[at : at + 1].reset_index(drop=True)
                if not self._takes(row):
                    self.refused.append(row)

    def _with(self, column: Column, value: Any) -> Any:
        return self.rows.assign(**{column.name: series_of(column, [value] * len(self.rows))})

    def _takes(self, rows: Any) -> bool:
        return self._keep([rows])[0]

    def _keep(self, frames: list[Any]) -> list[bool]:
        """Ask; frames that are answered belong to the comparison."""
        answered = self._ask(frames)
        self.taken += [frame for frame, yes in zip(frames, answered, strict=True) if yes]
        return answered

    def _ask(self, frames: list[Any]) -> list[bool]:
        """Tell which frames are answered, all at once where all are: a model may be slow to ask."""
        found: dict[int, bool] = {}
        for group in _alike(frames).values():
            self._halve(group, found)
        return [found[id(frame)] for frame in frames]

    def _halve(self, frames: list[Any], found: dict[int, bool]) -> None:
        (together,) = _merged(frames)
        answered = takes(self.predict, together)
        if answered or len(frames) == 1:
            found.update((id(frame), answered) for frame in frames)
            return
        middle = len(frames) // 2
        self._halve(frames[:middle], found)
        self._halve(frames[middle:], found)


def _texts(
    predict: Callable[[Any], Any], rows: list[str], sample: list[str], signature: Signature
) -> Probed:
    """Ask a model of texts for a missing one and for odd ones, each alone."""
    (column,) = signature.columns
    found = replace(signature, columns=(replace(column, missing=False),))
    halves = [f"{a[: len(a) // 2]}{b[len(b) // 2 :]}" for a, b in pairwise(rows)]
    odd = [*odd_texts(sample[:200]), *_UNUSUAL, *halves, " ".join(rows)]
    answered = [takes(predict, [text]) for text in odd]
    taken = [text for text, yes in zip(odd, answered, strict=True) if yes]
    refused = tuple([text] for text, yes in zip(odd, answered, strict=True) if not yes)
    return Probed(found, (taken,) if taken else (), refused)


_UNUSUAL = (
    "  \t\n  ",
    "ÀÉÎõü ẞß İı ﬁ ½ Ⅷ",
    "naïve cafe\u0301 \u200b zero\u00a0width",
    "日本語 текст 🙂🙃 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "a" * 3000,
    "a b c d e f g " * 200,
    "\u0000 \ud7ff \uffff",
    "don't e-mail me@host.org, v1.2.3_x!",
)


def odd_texts(seen: list[str]) -> Iterator[str]:
    """Yield texts that none of the seen ones equals, some of them nearly."""
    near = next((text for text in sorted(seen) if text), "a")
    several = (
        "",
        _UNSEEN,
        f"{near} ",
        near.swapcase(),
        f"{near}\0",
        unicodedata.normalize("NFD", f"{near}é"),
        "nan",
        "None",
        "0",
        "1e3",
    )
    known = set(seen)
    yield from (text for text in several if text not in known)


def _largest(answered: Callable[[float], bool]) -> float:
    """Return the largest size of a number that is surely taken: trees, say, read singles.

    A model that takes none of these has other reasons, and is asked row by row.
    """
    return next((size for size in _SIZES if answered(size)), math.inf)


def _matrix(predict: Callable[[Any], Any], rows: Any, signature: Signature) -> Probed:
    """Ask for a value in every feature at once: a matrix model takes it everywhere or nowhere."""

    def changed(value: float) -> Any:
        made = np.repeat(rows, signature.n_features, axis=0)
        at = np.tile(np.arange(signature.n_features), len(rows))
        made[np.arange(len(made)), at] = value
        return made

    gaps, endless = changed(np.nan), np.concatenate([changed(np.inf), changed(-np.inf)])
    missing, infinite = takes(predict, gaps), takes(predict, endless)
    largest = math.inf
    if not infinite:
        largest = _largest(
            lambda size: takes(predict, np.concatenate([changed(size), changed(-size)]))
        )
    found = replace(signature, missing=missing, infinite=infinite, largest=largest)
    return Probed(found, (*([gaps] if missing else []), *([endless] if infinite else [])))


def takes(predict: Callable[[Any], Any], rows: Any) -> bool:
    """Tell whether a model answers all of some rows."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an overflow, say, that the model then refuses
            predict(rows)
    except Exception:  # whatever the model refuses with
        return False
    return True
