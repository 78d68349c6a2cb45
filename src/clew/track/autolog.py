"""`autolog`: what was fitted on what, without a line in the user's code.

scikit-learn's estimators, and those of xgboost and lightgbm that follow its interface, are seen
through the hooks of `clew.reuse`: the outermost fit logs its parameters, its datasets by content
and its time; a search logs its best score and parameters, a later ``score`` the score. Content ids
of large arrays are computed while the fit runs, so that it is not held up. Training loops are seen
by callbacks (`clew.track.callbacks`).
"""

from __future__ import annotations

import csv
import io
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from clew.entities import Dataset, DatasetInput, Metric
from clew.errors import MissingExtra, Unhashable
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.reuse.estimators import watch
from clew.reuse.estimators.watch import Watched
from clew.steps.context import executing
from clew.steps.observe import unobserved
from clew.steps.provenance import redacted
from clew.track import active
from clew.track.active import ActiveRun
from clew.track.dataset import CONTEXT
from clew.track.learner import marks
from clew.track.rows import remember, some_rows
from clew.track.save import log_model

_FITS = frozenset({"fit", "fit_transform", "fit_predict"})
_INLINE_BYTES = 4 << 20
"""Smaller data are read before the fit: that takes about a millisecond."""

_MOST_PARAMS = 200
Noted: TypeAlias = "Future[ValueId | None] | ValueId | None"
_ROLES = {"X": "training", "y": "target"}


def autolog(*, models: bool = False, disable: bool = False) -> None:
    """Log what is fitted from now on, in this process.

    A fit inside ``with clew.run():`` is logged there, any other becomes a run of its own; so does
    that of a step, as a child of the run around it. What is reused is not fitted, so it is not
    logged again.

    Parameters
    ----------
    models : bool, default False
        Also store each fitted model (`clew.log_model`), which takes as long as writing it.
    disable : bool, default False
        Stop logging.

    Raises
    ------
    MissingExtra
        Without scikit-learn.

    Examples
    --------
    >>> import clew
    >>> from sklearn.linear_model import Ridge
    >>> clew.autolog()
    >>> model = Ridge(alpha=2.0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> clew.autolog(disable=True)
    >>> from clew.track import runs
    >>> runs(limit=1)[0].params["alpha"]
    '2.0'
    """
    global _logger
    try:
        from clew.reuse.estimators import hooks
    except ImportError as error:  # pragma: no cover
        raise MissingExtra("autolog needs scikit-learn", got=str(error)) from error
    if _logger is not None:
        watch.drop(_logger)
        hooks.remove()
        _logger.close()
        _logger = None
    if disable:
        return
    try:
        hooks.install()
    except ImportError as error:
        raise MissingExtra(
            "autolog needs scikit-learn", got=str(error), hint="pip install 'clew[sklearn]'"
        ) from error
    _logger = AutoLogger(models=models)
    watch.add(_logger)


_logger: AutoLogger | None = None


class AutoLogger:
    """Sees calls of estimators, and logs them: a `clew.reuse.estimators.watch.Watcher`."""

    def __init__(self, *, models: bool) -> None:
        self._models = models
        self._fitted: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._pool = ThreadPoolExecutor(1, "clew-autolog")
        self._origin = active.origin()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False)

    def before(self, call: Watched) -> dict[str, Any]:
        """Begin to read the data."""
        if call.method not in _FITS and call.method != "score":
            return {}
        with unobserved():
            noted: dict[str, Any] = {
                name: self._content(call, data) for name, data in _data(call).items()
            }
            if call.method in _FITS and hasattr(call.estimator, "predict"):
                # Before the fit, which may write into its data.
                noted["rows"] = some_rows(_data(call).get("X"), "fit")
            return noted

    def _content(self, call: Watched, data: Any) -> Noted:
        if _bytes_of(data) <= _INLINE_BYTES or _works_in_place(call.estimator):
            return _fingerprint(data)
        return self._pool.submit(_fingerprint, data)

    def after(self, call: Watched, noted: dict[str, Any] | None) -> None:
        """Log what came of a call."""
        if noted is None or (call.method not in _FITS and call.method != "score"):
            return
        with unobserved():
            if call.method == "score":
                self._scored(call, noted)
            else:
                self._fitted_one(call, noted)

    def _fitted_one(self, call: Watched, noted: dict[str, Any]) -> None:
        # What a step logged to the run around it, the runs that reuse the step would lack.
        inside = active.run_here() if executing.get() is None else None
        run = (
            active.begin(type(call.estimator).__name__, self._origin) if inside is None else inside
        )
        try:
            params = _params(call.estimator, run, fresh=inside is None)
            run.set_tags(marks(call.estimator, _data(call).get("X")))
            run.log_params(params)
            run.log_metrics(_metrics(call))
            run.log_inputs(_inputs(call, noted))
            if hasattr(call.estimator, "cv_results_") and call.error is None:
                run.log_text("cv_results.csv", _table(call.estimator.cv_results_))
            for model in (call.estimator, getattr(call.estimator, "best_estimator_", None)):
                if model is not None and call.error is None:
                    remember(model, noted.get("rows"))
            if self._models and call.error is None:
                log_model(call.estimator, run=run.id)
            self._remember(call.estimator, run.id)
        finally:
            if inside is None:
                error = call.error
                shown = (
                    None if error is None else redacted("error", f"{type(error).__name__}: {error}")
                )
                run.finish("finished" if error is None else "failed", error=shown)

    def _scored(self, call: Watched, noted: dict[str, Any]) -> None:
        known = self._fitted.get(id(call.estimator))
        if known is None or known[0]() is not call.estimator or call.error is not None:
            return
        content = _settled(noted.get("X"))
        ms = time.time_ns() // 1_000_000
        name = f"score on {content.hex()[:8]}" if content is not None else "score"
        ActiveRun.of(known[1]).log_points([Metric(name, float(call.result), ms)])

    def _remember(self, estimator: Any, run: str) -> None:
        key = id(estimator)
        try:
            self._fitted[key] = weakref.ref(estimator, lambda _: self._fitted.pop(key, None)), run
        except TypeError:
            pass  # It cannot be told apart from a later object at the same place.


def _data(call: Watched) -> dict[str, Any]:
    """Return what an estimator is fitted on, by role."""
    found = dict(zip(("X", "y"), call.args, strict=False))
    for name in ("X", "y"):
        if name in call.kwargs:
            found[name] = call.kwargs[name]
    return {name: data for name, data in found.items() if data is not None}


def _fingerprint(data: Any) -> ValueId | None:
    try:
        return fingerprint(data)
    except (Unhashable, MemoryError):
        return None


def _settled(content: Noted) -> ValueId | None:
    return content.result() if isinstance(content, Future) else content


def _bytes_of(data: Any) -> int:
    size = getattr(data, "nbytes", None)
    if isinstance(size, int):
        return size
    usage = getattr(data, "memory_usage", None)
    if callable(usage):
        return (
            int(usage(index=False, deep=False).sum()) if hasattr(data, "columns") else int(usage())
        )
    return 0


def _works_in_place(estimator: Any) -> bool:
    """Tell whether a fit may write into its data, so that they must be read before it."""
    found: dict[str, Any] = getattr(estimator, "get_params", dict)()
    return any(
        value is False and name.rpartition("__")[2].startswith("copy")
        for name, value in found.items()
    )


def _inputs(call: Watched, noted: Mapping[str, Any]) -> list[DatasetInput]:
    inputs = []
    for name, data in _data(call).items():
        content = _settled(noted.get(name))
        if content is None:
            continue
        shape = getattr(data, "shape", None)
        size = " × ".join(map(str, shape)) if isinstance(shape, tuple) else str(len(data))
        text = content.hex()
        dataset = Dataset(
            name=name,
            digest=text,
            content=text,
            source_type=type(data).__module__.partition(".")[0],
            source=f'{{"type": "{type(data).__name__}"}}',
            profile=f'{{"shape": "{size}"}}',
        )
        inputs.append(DatasetInput(dataset, {CONTEXT: _ROLES[name]}))
    return inputs


def _params(estimator: Any, run: ActiveRun, *, fresh: bool) -> dict[str, object]:
    """Return the parameters; where the run has others of these names, under the class's name."""
    found: dict[str, Any] = dict(getattr(estimator, "get_params", dict)())
    found |= {
        f"best_{name}": value for name, value in getattr(estimator, "best_params_", {}).items()
    }
    texts: dict[str, object] = {
        name: str(value)[:500] for name, value in list(found.items())[:_MOST_PARAMS]
    }
    if fresh:
        return texts
    known = run.record.params
    number = 1
    while any(
        name in known and known[name] != redacted(name, str(text)) for name, text in texts.items()
    ):
        number += 1
        prefix = f"{type(estimator).__name__}.{number}" if number > 2 else type(estimator).__name__
        texts = {f"{prefix}.{name}": value for name, value in list(found.items())[:_MOST_PARAMS]}
        texts = {name: str(value)[:500] for name, value in texts.items()}
    return texts


def _metrics(call: Watched) -> dict[str, float]:
    metrics = {"fit_s": call.wall_s}
    best = getattr(call.estimator, "best_score_", None)
    if call.error is None and isinstance(best, int | float):
        metrics["best_cv_score"] = float(best)
    return metrics


def _table(results: Mapping[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(results)
    writer.writerows(zip(*results.values(), strict=False))
    return text.getvalue()
