"""A small model served in a process of its own: `python -m tests.api.inference.host FOLDER`.

The first line of the output has the addresses of HTTP and gRPC.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from clew.api.inference.app import Inference
from clew.api.inference.limits import Limits
from clew.api.inference.models import Models
from clew.api.server import listen
from clew.serve import compile_model
from clew.serve.hosted import Hosted
from clew.serve.journal import Journal, JournalWriter

ROW: dict[str, Any] = {"age": 40, "hours": 38.5, "job": "smith"}


def frame() -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": generator.integers(17, 90, 120),
            "hours": generator.normal(40, 12, 120),
            "job": generator.choice(["clerk", "smith"], 120).astype(object),
        }
    )
    return table, np.where(table["age"] > 50, "yes", "no")


def fitted() -> Pipeline:
    X, y = frame()
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), ["age", "hours"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(X, y)


def served(folder: Path) -> Models:
    """Return a model under the name ``income``, with what `load` makes of it."""
    writer = JournalWriter(folder / "predictions")
    X, _ = frame()
    compiled = compile_model(fitted(), X)

    def load(name: str) -> Hosted:
        return Hosted(name, "2", "content2", compiled, journal=writer)

    made = Models(load, journal=Journal(folder / "predictions"), writer=writer)
    made.add(Hosted("income", "1", "content1", compiled, journal=writer, cache_size=100))
    return made


def main(folder: str) -> None:
    from clew.api.inference.rpc.server import RpcServer, target

    limits = Limits(most_bytes=1 << 20, timeout_s=5)
    models = served(Path(folder))
    with listen.bind("127.0.0.1", 0) as listener, listen.reserve("127.0.0.1", 0) as reserved:
        address = target("127.0.0.1", reserved.getsockname()[1])
        application = Inference(
            models, limits=limits, beside=[RpcServer(models, address, limits=limits)]
        )
        listen.serve(
            application,
            listener,
            ready=lambda: print(listen.address_of(listener, "127.0.0.1"), address, flush=True),
            stopping=application.stopping,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
