"""Models as functions of SQL: `clew_predict('adult@champion', age, job, …)` in DuckDB."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from clew.errors import InvalidParameter
from clew.serve.endpoint import Endpoint

FUNCTIONS = ("clew_predict", "clew_predict_number")


def register(connection: Any, *, models: dict[str, Any] | None = None) -> None:
    """Make models callable in a DuckDB connection.

    ``clew_predict(model, column, …)`` gives the prediction as text, ``clew_predict_number`` as a
    double. The columns stand in the order of the frame that the model was fitted on (for a matrix:
    of its features). Rows reach the model in DuckDB's own batches.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the functions are made.
    models : mapping of str to Endpoint, optional
        Models by the name that queries call them; any other name is looked up in the store, once
        for the connection.

    Raises
    ------
    InvalidParameter
        In a query: when the number of columns is not the model's, or a value is not of their kind.
    """
    known = NamedModels(dict(models or {}))
    for name, convert, kind in (
        ("clew_predict", text, "VARCHAR"),
        ("clew_predict_number", float, "DOUBLE"),
    ):
        connection.create_function(
            name, known.function(convert), None, kind, type="arrow", null_handling="special"
        )


class NamedModels:
    """Endpoints by name, each opened once. May be used by several threads."""

    def __init__(self, opened: dict[str, Any]) -> None:
        self._opened = opened
        self._lock = threading.Lock()

    def function(self, convert: Callable[[Any], Any]) -> Callable[..., Any]:
        """Return what takes a column of names and the models' columns, all of Arrow."""

        def predict(model: Any, *columns: Any) -> Any:
            import pyarrow as pa

            names = model.to_pylist()
            values = [column.to_pylist() for column in columns]
            found: list[Any] = [None] * len(names)
            for name in dict.fromkeys(names):
                at = [position for position, other in enumerate(names) if other == name]
                for position, one in zip(at, self._asked(name, values, at), strict=True):
                    found[position] = convert(one)
            return pa.array(found, pa.float64() if convert is float else pa.string())

        return predict

    def _asked(self, name: Any, values: list[list[Any]], at: list[int]) -> list[Any]:
        endpoint = self._endpoint(name)
        signature = endpoint.compiled.signature
        if len(values) != signature.n_features:
            expected = ", ".join(column.name for column in signature.columns)
            raise InvalidParameter(
                f"columns for model {name!r}",
                got=str(len(values)),
                expected=f"{signature.n_features}: {expected}".rstrip(": "),
            )
        rows = [[column[position] for column in values] for position in at]
        if signature.is_frame:
            names = [column.name for column in signature.columns]
            rows = [dict(zip(names, row, strict=True)) for row in rows]  # type: ignore[misc]
        found: list[Any] = endpoint.predict(rows).tolist()
        return found

    def _endpoint(self, name: Any) -> Endpoint:
        with self._lock:
            if name not in self._opened:
                if not isinstance(name, str):
                    raise InvalidParameter("a model's name", got=repr(name), expected="a text")
                self._opened[name] = Endpoint(name)
            found: Endpoint = self._opened[name]
            return found


def text(value: Any) -> str:
    """Return a prediction as text."""
    return value if isinstance(value, str) else str(value)
