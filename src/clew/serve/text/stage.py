"""A vectorizer as a stage: from a text to the places and weights of its terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import UnsupportedValue
from clew.serve.shared import SHARED, Pool
from clew.serve.text.analyze import Analysis, Analyzer, analysis_of, analyzer_of

Norm = Literal["l1", "l2", "max"]
Terms = tuple[NDArray[np.int32], NDArray[np.float64]]
"""Places in the dictionary, rising, and the weight at each."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class TextStage:
    """One vectorizer.

    Parameters
    ----------
    id : str
        Content id of all that decides what it computes.
    vocabulary : mapping of str to int
        The place of each term.
    binary, sublinear, norm
        As of scikit-learn's ``TfidfVectorizer``.
    idf : (n_terms,) array or None
        Weight of each term.
    parts : StageParts
        What it was made of.
    """

    id: str
    analysis: Analysis
    vocabulary: Mapping[str, int]
    binary: bool
    sublinear: bool
    norm: Norm | None
    idf: NDArray[np.float64] | None
    parts: StageParts
    _analyze: Analyzer

    @property
    def size(self) -> int:
        """How many terms it knows."""
        return len(self.vocabulary)

    def encode(self, text: str) -> Terms:
        """Return the terms of one text."""
        place = self.vocabulary.get
        counts: dict[int, int] = {}
        for term in self._analyze(text):
            at = place(term)
            if at is not None:
                counts[at] = counts.get(at, 0) + 1
        places = np.array(sorted(counts), dtype=np.int32)
        if self.binary:
            weights = np.ones(len(places))
        else:
            weights = np.array([counts[at] for at in places.tolist()], dtype=np.float64)
        if self.sublinear:
            weights = np.log(weights) + 1.0
        if self.idf is not None:
            weights = weights * self.idf[places]
        if self.norm is not None and len(weights):
            weights = weights / (_length(weights, self.norm) or 1.0)
        return places, weights


def _length(weights: NDArray[np.float64], norm: Norm) -> float:
    if norm == "l2":
        return float(np.sqrt(weights @ weights))
    size = np.abs(weights)
    return float(size.sum() if norm == "l1" else size.max())


class StageParts(msgspec.Struct, frozen=True):
    """What a stage is made of: settings as plain data, the rest by content id."""

    analysis: Analysis
    binary: bool
    sublinear: bool
    norm: Norm | None
    vocabulary: str
    idf: str | None


def stage_of(vectorizer: Any, weighting: Any, pool: Pool = SHARED) -> TextStage:
    """Return the stage of a fitted vectorizer and what weights its counts.

    Parameters
    ----------
    vectorizer : CountVectorizer or TfidfVectorizer
        Fitted.
    weighting : TfidfTransformer or None
        Fitted; what follows a `CountVectorizer`.

    Raises
    ------
    UnsupportedValue
        When it is not one that can be said exactly.
    """
    if np.dtype(vectorizer.dtype) not in (np.dtype(np.int64), np.dtype(np.float64)):
        raise UnsupportedValue("no plan for counts in this precision", got=str(vectorizer.dtype))
    raw = None if weighting is None else getattr(weighting, "idf_", None)
    idf = None if raw is None else pool.keep_array(np.asarray(raw, dtype=np.float64))
    vocabulary = pool.keep_terms(vectorizer.vocabulary_)
    parts = StageParts(
        analysis_of(vectorizer),
        bool(vectorizer.binary),
        bool(weighting is not None and weighting.sublinear_tf),
        None if weighting is None else weighting.norm,
        vocabulary[0],
        None if idf is None else idf[0],
    )
    return stage_from(parts, pool)  # while what was kept is held here


def stage_from(parts: StageParts, pool: Pool) -> TextStage:
    """Return the stage of some parts; the same one for the same parts."""
    return pool.once(parts, lambda id: _made(id, parts, pool))


def _made(id: str, parts: StageParts, pool: Pool) -> TextStage:
    return TextStage(
        id,
        parts.analysis,
        pool.terms(parts.vocabulary),
        parts.binary,
        parts.sublinear,
        parts.norm,
        None if parts.idf is None else pool.array(parts.idf),
        parts,
        analyzer_of(parts.analysis),
    )
