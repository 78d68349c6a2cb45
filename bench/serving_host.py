"""A model served for a measurement: `python -m bench.serving_host FOLDER MODEL MODE`.

MODE is ``plan`` (whatever is fastest), ``python`` (the object, adaptive batches), ``python-alone``
(the object, one row a run) or ``python-cache`` (the object behind a cache). The first line of the
output is the address.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: str, learner: str, mode: str) -> None:
    from bench.serving import pipeline, rows
    from clew.api.inference.app import Inference
    from clew.api.inference.models import Models
    from clew.api.server import listen
    from clew.serve import compile_model
    from clew.serve.batch import Fixed, LatencyFit
    from clew.serve.hosted import Hosted
    from clew.serve.journal import Journal, JournalWriter

    X, y = rows()
    # A kernel machine takes a quarter of an hour on all rows.
    n_rows = 12_000 if learner == "kernel" else len(X)
    fitted = pipeline(learner).fit(X[:n_rows], y[:n_rows])
    compiled = compile_model(fitted, X, forms=None if mode == "plan" else ["python"])
    objective_s = 0.02 if mode == "plan" else 0.05
    place = Path(folder) / "predictions"
    writer = JournalWriter(place)
    models = Models(_refuse, journal=Journal(place), writer=writer)
    models.add(
        Hosted(
            "adult",
            "1",
            "bench",
            compiled,
            journal=writer,
            limit=Fixed(1) if mode == "python-alone" else LatencyFit(objective_s),
            cache_size=1_000 if mode == "python-cache" else 0,
        )
    )
    listener = listen.bind("127.0.0.1", 0)
    address = listen.address_of(listener, "127.0.0.1")
    listen.serve(
        Inference(models),
        listener,
        ready=lambda: print(address, compiled.form, flush=True),
        stopping=lambda: None,
    )


def _refuse(name: str) -> object:
    raise LookupError(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
