"""Rows as points of a plane, linked to their ids and coloured by the model's error.

Of the inputs, or of what a layer makes of them: by principal components at once; by t-SNE or the
bottleneck of an auto-encoder when asked, since these take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

Method = Literal["pca", "tsne", "autoencoder"]
MOST_ROWS = 2_000
_VALUES = 20
_SHAPES: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
}


def plane(X: NDArray[np.float64], method: Method = "pca", *, seed: int = 0) -> NDArray[np.float64]:
    """Return rows of shape (rows, features) as points of shape (rows, 2).

    Raises
    ------
    InvalidParameter
        When there is no such method, or fewer than three rows.
    """
    if len(X) < 3:
        raise InvalidParameter("rows of a view", got=str(len(X)), expected="3 or more")
    if method == "pca":
        return _components(X, seed)
    if method == "tsne":
        from sklearn.manifold import TSNE

        few = min(30.0, (len(X) - 1) / 3)
        start = _components(X, seed) if X.shape[1] > 50 else None
        wide = X if start is None else _components(X, seed, 50)
        return np.asarray(TSNE(perplexity=few, random_state=seed).fit_transform(wide), dtype=float)
    if method == "autoencoder":
        return _bottleneck(X, seed)
    raise InvalidParameter("a view", got=str(method), expected="pca, tsne, autoencoder")


def _components(X: NDArray[np.float64], seed: int, count: int = 2) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA

    count = min(count, *X.shape)
    found = np.asarray(PCA(count, random_state=seed).fit_transform(X), dtype=float)
    return found if count > 1 else np.column_stack([found, np.zeros(len(X))])


def _bottleneck(X: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return the two units in the middle of a network that learned to give rows back."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(
        hidden_layer_sizes=(32, 2, 32),
        activation="tanh",
        max_iter=200,
        early_stopping=True,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # Training ends when its time is up: the view need not be the best one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(X, X if X.shape[1] > 1 else X.ravel())
    hidden = X
    for weights, constants in list(zip(network.coefs_, network.intercepts_, strict=True))[:2]:
        hidden = np.tanh(hidden @ weights + constants)
    return np.asarray(hidden, dtype=float)


def encoded(rows: Any) -> NDArray[np.float64]:
    """Return a table as numbers: standard scores, and one column for each common value."""
    import pandas as pd

    found: list[NDArray[np.float64]] = []
    for name in rows.columns:
        column = rows[name]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            numbers = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
            middle = np.nanmean(numbers) if not np.isnan(numbers).all() else 0.0
            filled = np.where(np.isnan(numbers), middle, numbers)
            found.append(((filled - middle) / (filled.std() or 1.0))[:, None])
        else:
            texts = column.astype(str)
            common = texts.value_counts().index[:_VALUES]
            found.append(np.column_stack([(texts == one).to_numpy(float) for one in common]))
    return np.column_stack(found) if found else np.zeros((len(rows), 1))


def points(
    places: NDArray[np.float64], ids: Sequence[Any], errors: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Return points with the id and the error of their row."""
    return [
        {"row": id, "x": float(x), "y": float(y), "error": float(error)}
        for id, (x, y), error in zip(ids, places, errors, strict=True)
    ]


def layers(model: Any, inputs: Any) -> dict[str, NDArray[np.float64]]:
    """Return what the hidden layers of a network make of rows, by their names.

    Of scikit-learn's networks, alone or at the end of a pipeline; of other models nothing.
    """
    steps = getattr(model, "steps", None)
    network = steps[-1][1] if steps else model
    coefficients = getattr(network, "coefs_", None)
    if coefficients is None:
        return {}
    values = model[:-1].transform(inputs) if steps and len(steps) > 1 else inputs
    if hasattr(values, "toarray"):
        values = values.toarray()
    found = {}
    hidden = np.asarray(values, dtype=float)
    pairs = list(zip(coefficients, network.intercepts_, strict=True))[:-1]
    for at, (weights, constants) in enumerate(pairs, 1):
        hidden = _SHAPES[network.activation](hidden @ weights + constants)
        found[f"layer {at}"] = hidden
    return found
