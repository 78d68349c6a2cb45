"""The rows on which anything that stands in for a model is compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from clew.errors import UnsupportedValue
from clew.serve.boundary import boundary_rows, boundary_texts
from clew.serve.outputs import Answer, asked, joined
from clew.serve.parity import Parity, compare

_MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows to compare on, with what the model says of them; the last part lies at a boundary."""

    parts: tuple[Any, ...]
    answer: Answer
    boundary_rows: int


def reference_of(model: Any, sample: Any, taken: Sequence[Any] = ()) -> Reference:
    """Return held rows, rows that no sample has, and rows at the boundary."""
    held = sample
    if len(sample) > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(len(sample), _MOST_ROWS, replace=False))
        held = _at(sample, chosen)
    edge = [rows for rows in _edges(model, held) if len(rows)]
    # Each part is asked in its own dtypes: below one another, whole numbers would become doubles
    # and categories texts.
    parts = (held, *taken, *edge)
    return Reference(parts, joined([asked(model, part) for part in parts]), sum(map(len, edge)))


def _at(sample: Any, positions: Any) -> Any:
    if isinstance(sample, list):
        return [sample[at] for at in positions]
    return sample.iloc[positions] if hasattr(sample, "iloc") else np.asarray(sample)[positions]


def _edges(model: Any, held: Any) -> Iterator[Any]:
    """Yield rows at the boundary of every output."""
    if isinstance(held, list):
        yield boundary_texts(held, lambda texts: np.asarray(model.predict(texts)))
        return
    first = np.asarray(model.predict(held[:1]))
    if first.ndim < 2:
        yield boundary_rows(held, lambda rows: np.asarray(model.predict(rows)))
        return
    for output in range(first.shape[1]):
        score = partial(_output, model, output)
        yield boundary_rows(held, score, pairs=max(8, 128 // first.shape[1]))


def _output(model: Any, output: int, rows: Any) -> Any:
    return np.asarray(model.predict(rows))[:, output]


def compared(model: Any, other: Any, sample: Any, *, tolerance: float) -> Parity:
    """Return how another object with ``predict`` compares with a model, in the model's own rows.

    Parameters
    ----------
    sample : frame, array or texts
        Rows as the model was fitted on; rows at its boundary are made from them.

    Raises
    ------
    UnsupportedValue
        When the other does not run on these rows.
    """
    reference = reference_of(model, sample)
    try:
        answer = joined([asked(other, part) for part in reference.parts])
    except Exception as error:  # another library's, whatever it raises
        raise UnsupportedValue(
            "what was exported does not run", got=f"{type(error).__name__}: {error}"[:300]
        ) from error
    edge = reference.boundary_rows
    return compare(reference.answer, answer, boundary_rows=edge, tolerance=tolerance)
