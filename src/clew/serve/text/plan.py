"""A whole pipeline of texts: stages side by side, then a linear model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from clew.errors import InvalidParameter, UnsupportedValue
from clew.serve.outputs import Answer
from clew.serve.shared import SHARED, Pool
from clew.serve.text.linear import HeadParts, LinearHead, head_from, head_of
from clew.serve.text.stage import StageParts, Terms, TextStage, stage_from, stage_of


class PlanParts(msgspec.Struct, frozen=True):
    """What a plan is made of, as plain data: what a file of it holds."""

    stages: tuple[StageParts, ...]
    head: HeadParts


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(PlanParts).decode


@dataclass(frozen=True, slots=True, eq=False)
class TextPlan:
    """How a text becomes an answer.

    Parameters
    ----------
    stages : tuple of TextStage
        Their terms lie side by side.
    """

    stages: tuple[TextStage, ...]
    head: LinearHead

    def encode(self, text: str) -> tuple[Terms, ...]:
        """Return the terms of one text in each stage."""
        return tuple(stage.encode(text) for stage in self.stages)

    def score(self, encoded: Sequence[tuple[Terms, ...]]) -> Answer:
        """Return the answer to encoded texts."""
        if len(self.stages) == 1:
            return self.head.score([terms for (terms,) in encoded])
        return self.head.score([self._beside(terms) for terms in encoded])

    def _beside(self, parts: tuple[Terms, ...]) -> Terms:
        places, start = [], 0
        for (at, _), stage in zip(parts, self.stages, strict=True):
            places.append(at + np.int32(start))
            start += stage.size
        return np.concatenate(places), np.concatenate([weights for _, weights in parts])

    def kept_in(self, pool: Pool) -> TextPlan:
        """Return the same plan with its parameters kept in another pool."""
        for stage in self.stages:
            pool.keep_terms(stage.vocabulary)
            if stage.idf is not None:
                pool.keep_array(stage.idf)
        pool.keep_array(self.head.coefficients)
        if self.head.rows is not None:
            pool.keep_array(self.head.rows)
        return text_plan_from(self.to_bytes(), pool)

    def to_bytes(self) -> bytes:
        """Return what it is made of; its arrays and dictionaries by content id."""
        return _encode(PlanParts(tuple(s.parts for s in self.stages), self.head.parts))


def text_plan_from(content: bytes, pool: Pool) -> TextPlan:
    """Return the plan that `TextPlan.to_bytes` wrote, its parameters taken from a pool."""
    try:
        parts = _decode(content)
    except msgspec.DecodeError as error:
        raise InvalidParameter("this is no plan of texts", got=str(error)) from None
    stages = tuple(stage_from(stage, pool) for stage in parts.stages)
    return TextPlan(stages, head_from(parts.head, pool))


def text_plan_of(model: Any, pool: Pool = SHARED) -> TextPlan:
    """Return the plan of a fitted pipeline: vectorizers, then a linear model.

    Raises
    ------
    UnsupportedValue
        When a part of it is not one that can be said exactly.
    """
    from sklearn.pipeline import Pipeline

    if type(model) is not Pipeline or len(model.steps) < 2:
        raise UnsupportedValue("no plan for this model of texts", got=type(model).__name__)
    steps = [step for _, step in model.steps if step not in ("passthrough", None)]
    stages = tuple(_stages(steps[:-1], pool))
    return TextPlan(stages, head_of(steps[-1], pool))


def _stages(steps: list[Any], pool: Pool) -> Iterator[TextStage]:
    from sklearn.pipeline import FeatureUnion, Pipeline

    first: Any = steps[0] if steps else None
    if type(first) is FeatureUnion:
        weights = first.transformer_weights
        if len(steps) > 1 or (weights and set(weights.values()) != {1.0}):
            raise UnsupportedValue("no plan for a union that is weighted, or followed by others")
        for _, part in first.transformer_list:
            if part == "drop":
                continue
            members = [s for _, s in part.steps] if type(part) is Pipeline else [part]
            yield from _stages(members, pool)
        return
    yield _stage(steps, pool)


def _stage(steps: list[Any], pool: Pool) -> TextStage:
    from sklearn.feature_extraction.text import (
        CountVectorizer,
        TfidfTransformer,
        TfidfVectorizer,
    )

    kinds = [type(step) for step in steps]
    if kinds == [TfidfVectorizer]:
        return stage_of(steps[0], steps[0]._tfidf, pool)
    if kinds == [CountVectorizer]:
        return stage_of(steps[0], None, pool)
    if kinds == [CountVectorizer, TfidfTransformer]:
        return stage_of(steps[0], steps[1], pool)
    raise UnsupportedValue(
        "no plan for these steps before a model of texts",
        got=", ".join(kind.__name__ for kind in kinds),
        expected="a CountVectorizer or TfidfVectorizer, or a union of such",
    )
