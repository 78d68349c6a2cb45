"""Models as functions of Spark SQL: `clew_predict('adult@champion', age, job, …)`."""

from __future__ import annotations

from typing import Any

from clew.errors import MissingExtra
from clew.serve.sql import FUNCTIONS, NamedModels, text

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtra(
        "models in Spark need pyarrow", got=str(error), hint="pip install 'clew[spark]'"
    ) from error

# Of this process: the driver's, or that of a Python worker of Spark's, which serves many batches.
_models = NamedModels({})
_texts, _numbers = _models.function(text), _models.function(float)


def predict(*columns: pa.Array) -> pa.Array:
    """Return the predictions of the models that the first column names, as texts."""
    return _texts(*columns)


def predict_number(*columns: pa.Array) -> pa.Array:
    """Return the predictions of the models that the first column names, as doubles."""
    return _numbers(*columns)


def register(session: Any) -> None:
    """Make models callable in the SQL of a Spark session.

    The functions are those of `clew.serve.sql.register`; batches of rows reach them as Arrow
    arrays. Models are opened by Spark's Python workers, once in each: clew must be installed there,
    and the settings must name a store that they reach (a server's, or PostgreSQL, beyond one
    machine).

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        Where the functions are made.

    Raises
    ------
    MissingExtra
        When PySpark is not installed, or older than 4.1.
    """
    try:
        from pyspark.sql.functions import arrow_udf
    except ImportError as error:
        raise MissingExtra(
            "Arrow functions need PySpark 4.1", got=str(error), hint="pip install 'clew[spark]'"
        ) from error
    for name, function, kind in zip(
        FUNCTIONS, (predict, predict_number), ("string", "double"), strict=True
    ):
        session.udf.register(name, arrow_udf(function, kind))
