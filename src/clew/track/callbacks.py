"""Callbacks of training loops: each round's metrics as they come.

Every function imports its library when it is called, and logs to the innermost run; those of
xgboost and lightgbm inside a step to every run that uses the step.

.. code-block:: python

    with clew.run():
        xgboost.train(params, data, evals=[(test, "test")], callbacks=[callbacks.xgboost()])
        lightgbm.train(params, data, valid_sets=[test], callbacks=[callbacks.lightgbm()])
        lightning.Trainer(logger=callbacks.lightning()).fit(module)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clew.errors import MissingExtra
from clew.steps.context import executing
from clew.track.active import ActiveRun, log_metrics, running_here


def xgboost() -> Any:
    """Return a callback for ``xgboost.train`` and xgboost's estimators.

    Raises
    ------
    ClewError
        Outside a run.
    MissingExtra
        When xgboost is not installed.
    """
    note = _rounds("callbacks.xgboost")
    try:
        from xgboost.callback import TrainingCallback
    except ImportError as error:
        raise MissingExtra("xgboost is not installed", hint="pip install xgboost") from error

    class Callback(TrainingCallback):  # type: ignore[misc]
        """Logs ``DATA-METRIC`` after each round."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            """Log the round; go on."""
            metrics = {
                f"{data}-{name}": _last(values)
                for data, found in evals_log.items()
                for name, values in found.items()
            }
            note(metrics, epoch)
            return False

    return Callback()


def _rounds(verb: str) -> Callable[[Mapping[str, float], int], None]:
    """Return what logs a round's metrics: inside a step as its effect, else to the run."""
    return log_metrics if executing.get() is not None else running_here(verb).log_metrics


def _last(values: Any) -> float:
    last = values[-1]
    return float(last[0] if isinstance(last, tuple) else last)


def lightgbm() -> Any:
    """Return a callback for ``lightgbm.train`` and lightgbm's estimators."""
    note = _rounds("callbacks.lightgbm")

    def callback(environment: Any) -> None:
        results = environment.evaluation_result_list or ()
        metrics = {f"{one[0]}-{one[1]}": float(one[2]) for one in results}
        if metrics:
            note(metrics, environment.iteration)

    callback.order = 20  # type: ignore[attr-defined]
    return callback


def lightning() -> Any:
    """Return a logger for Lightning's ``Trainer``.

    Raises
    ------
    MissingExtra
        When Lightning is not installed.
    """
    run = running_here("callbacks.lightning")
    try:
        from lightning.pytorch.loggers.logger import Logger
    except ImportError:
        try:
            from pytorch_lightning.loggers.logger import Logger
        except ImportError as error:
            raise MissingExtra(
                "Lightning is not installed", hint="pip install lightning"
            ) from error
    return _lightning_logger(Logger, run)


def _lightning_logger(base: Any, run: ActiveRun) -> Any:
    class RunLogger(base):  # type: ignore[misc]
        """Logs to a run of clew."""

        @property
        def name(self) -> str:
            """Name of the run."""
            return run.name

        @property
        def version(self) -> str:
            """Id of the run."""
            return run.id

        def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
            """Log numbers of one step."""
            run.log_metrics({key: float(value) for key, value in metrics.items()}, step or 0)

        def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
            """Log parameters."""
            found = params if isinstance(params, dict) else vars(params)
            run.log_params({key: str(value)[:6000] for key, value in found.items()})

    return RunLogger()
