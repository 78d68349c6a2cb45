"""Snorkel's label model, in a process of the Python that has it: arrays in, numbers out.

`CLEW_BENCH_PEERS` names that Python, since Snorkel brings torch with it
(``python -m venv peers && peers/bin/pip install torch==2.13.0 snorkel``). clew need not be there.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

EPOCHS = (100, 500)


def ask(train: Any, test: Any, n_classes: int, repeats: int = 1) -> list[dict[str, Any]]:
    """Return, for each number of epochs: CPU seconds of the fit, and votes on the test rows.

    Raises
    ------
    ImportError
        Where that Python has no Snorkel.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        np.savez(path / "votes.npz", train=train, test=test)
        given = [str(path / "votes.npz"), str(n_classes), str(repeats), str(path / "out.npz")]
        python = os.environ.get("CLEW_BENCH_PEERS", sys.executable)
        limits = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        done = subprocess.run(
            [python, __file__, *given],
            env={**os.environ, **limits},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise ImportError(
                f"{python} cannot run Snorkel ({last}); CLEW_BENCH_PEERS names a Python that can"
            )
        told = json.loads(done.stdout.splitlines()[-1])
        with np.load(path / "out.npz") as out:
            return [{**each, "predicted": out[str(each["epochs"])]} for each in told]


def main(given: str, n_classes: int, repeats: int, out: str) -> None:
    """Fit by each number of epochs; write what is predicted, print what it took."""
    from snorkel import __version__
    from snorkel.labeling.model import LabelModel

    votes = np.load(given)
    told, predicted = [], {}
    warm = LabelModel(cardinality=n_classes, verbose=False)
    warm.fit(votes["train"][:500], n_epochs=5, seed=0, progress_bar=False)
    for epochs in EPOCHS:
        taken = []
        for _ in range(repeats):
            started = time.process_time()
            model = LabelModel(cardinality=n_classes, verbose=False)
            model.fit(votes["train"], n_epochs=epochs, seed=0, progress_bar=False)
            taken.append(time.process_time() - started)
        told.append({"epochs": epochs, "cpu_s": min(taken), "version": __version__})
        predicted[str(epochs)] = model.predict(votes["test"], tie_break_policy="random")
    np.savez(out, **predicted)
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
