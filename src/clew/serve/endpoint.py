"""An endpoint within this process: prepared once, then rows in and predictions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from clew.serve.compile import TOLERANCE, Compiled, compile_model
from clew.serve.outputs import Answer
from clew.serve.ports import outside


class Endpoint:
    """Scores rows without a server, in the fastest form that is equal to the model.

    Everything that does not depend on the rows is done here, once. May be used from several
    threads at once.

    Parameters
    ----------
    model : estimator, Compiled or str
        A fitted model, one that was compiled before, or the name of one in the store:
        ``"adult@champion"``, ``"adult/3"``, ``"last:fit"``.
    sample : frame or (n_rows, n_features) array
        Rows as the model was fitted on; needed for a fitted model.
    tolerance : float, default 1e-6
        See `compile_model`.
    trust : bool, default False
        Also read a model of the store whose reading can run code.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from clew.serve import Endpoint
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> endpoint = Endpoint(LogisticRegression(max_iter=500).fit(X, y), X)
    >>> int(endpoint.predict_one(X.iloc[0].to_dict()))
    0
    """

    def __init__(
        self, model: Any, sample: Any = None, *, tolerance: float = TOLERANCE, trust: bool = False
    ) -> None:
        if isinstance(model, Compiled):
            self.compiled = model
        else:
            few_rows = False
            if isinstance(model, str):
                model, known, few_rows = outside().find(model, trust=trust)
                sample, few_rows = (known, few_rows) if sample is None else (sample, False)
            self.compiled = compile_model(model, sample, tolerance=tolerance, few_rows=few_rows)

    def __repr__(self) -> str:
        return f"<Endpoint {self.compiled.form}: {self.compiled.attempts[-1].reason}>"

    def predict(self, rows: Any) -> NDArray[Any]:
        """Return the prediction for each row.

        Parameters
        ----------
        rows : sequence of mappings, frame, or (n_rows, n_features) array
            In the form of the sample: rows with named columns for a frame's model.

        Raises
        ------
        InvalidParameter, WrongType
            When the rows are not what the model reads.
        """
        return self.answer(rows).predictions

    def predict_proba(self, rows: Any) -> NDArray[Any] | None:
        """Return the probabilities (n_rows, n_classes); None for a model without them."""
        return self.answer(rows).probabilities

    def predict_one(self, row: Mapping[str, Any] | Sequence[float]) -> Any:
        """Return the prediction for one row."""
        return self.answer([row]).predictions[0]

    def answer(self, rows: Any) -> Answer:
        """Return predictions and probabilities at once."""
        return self.compiled.answer(rows)
