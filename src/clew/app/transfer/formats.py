"""What is common to the formats: their names, what an export is, rows to check it by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.errors import InvalidParameter
from clew.serve.outputs import asked
from clew.serve.probe import varied

FORMATS = ("onnx", "pyfunc", "pmml")
CHECK = "clew.check"
"""Under which a file carries rows and what the exported model says of them."""

CHECK_ROWS = 32


@dataclass(frozen=True, slots=True)
class Exported:
    """A model in a format of others.

    Parameters
    ----------
    comparison : str
        How it was compared with the model, and what came of it.
    """

    path: Path
    format: str
    comparison: str


def check_of(model: Any, sample: Any) -> str:
    """Return some rows of a sample, and what the model says of them, as JSON."""
    rows = varied(model.predict, sample, CHECK_ROWS)
    answer = asked(model, rows)
    listed = rows.to_dict("records") if hasattr(rows, "to_dict") else np.asarray(rows).tolist()
    shares = None if answer.probabilities is None else answer.probabilities.tolist()
    answers = answer.predictions.tolist()
    found = {"rows": listed, "predictions": answers, "probabilities": shares}
    return json.dumps(found, default=_plain)


def checked(model: Any, text: str | None, tolerance: float = 1e-6) -> int:
    """Compare a model with the rows and answers that a file carries; return how many.

    Raises
    ------
    InvalidParameter
        When it says something else of a row.
    """
    if text is None:
        return 0
    found = json.loads(text)
    rows = found["rows"]
    if rows and isinstance(rows[0], dict):
        import pandas as pd

        rows = pd.DataFrame(rows)
    else:
        rows = np.asarray(rows)
    answer = asked(model, rows)
    expected = np.asarray(found["predictions"])
    given = np.asarray(answer.predictions)
    same = given.shape == expected.shape and (
        bool(np.allclose(given, expected, rtol=tolerance, atol=tolerance))
        if expected.dtype.kind == "f"
        else bool((given == expected).all())
    )
    if same and found["probabilities"] is not None and answer.probabilities is not None:
        shares = np.asarray(found["probabilities"])
        same = bool(np.abs(shares - answer.probabilities).max() <= tolerance)
    if not same:
        raise InvalidParameter(
            "the model says something else than the file says it does",
            got=str(given[:5].tolist()),
            expected=str(expected[:5].tolist()),
        )
    return len(rows)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
