"""Pictures of a study, where Matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clew.errors import InvalidParameter, MissingExtra


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            "Pictures need Matplotlib.", hint="pip install 'clew[plot]', or use study_table()"
        ) from error
    return Figure(figsize=(6.4, 4.0), layout="constrained").subplots()


def _metric(results: Mapping[str, Any], metric: str | None) -> str:
    known = [name[len("mean_test_") :] for name in results if name.startswith("mean_test_")]
    if metric is not None and metric not in known:
        raise InvalidParameter(
            "The study has no such metric.", got=metric, expected=", ".join(known)
        )
    return metric or known[0]


def plot_scores(results: Mapping[str, Any], metric: str | None = None, axes: Any = None) -> Any:
    """Draw the score of each configuration in the order of the study, and the best so far.

    Parameters
    ----------
    results : mapping
        ``cv_results_`` of a search.
    metric : str, optional
        Its name as in ``mean_test_NAME``; the first by default.
    axes : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        What was drawn on; ``.figure.savefig(path)`` writes it.
    """
    axes, metric = _axes(axes), _metric(results, metric)
    means = np.asarray(results[f"mean_test_{metric}"], dtype=float)
    spread = np.asarray(results[f"std_test_{metric}"], dtype=float)
    number = np.arange(len(means))
    axes.errorbar(number, means, spread, fmt="o", markersize=4, elinewidth=0.8, label="mean ± std")
    best = np.fmax.accumulate(means)
    axes.step(number, best, where="post", linewidth=1.2, label="best so far")
    axes.set(xlabel="configuration", ylabel=metric)
    axes.legend()
    return axes


def plot_parameter(
    results: Mapping[str, Any], parameter: str, metric: str | None = None, axes: Any = None
) -> Any:
    """Draw the scores over one parameter: a numeric axis for numbers, else one place a value.

    Parameters
    ----------
    results : mapping
        ``cv_results_`` of a search.
    parameter : str
        Name, as in ``param_NAME``.
    metric : str, optional
        Its name as in ``mean_test_NAME``; the first by default.
    axes : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        What was drawn on.
    """
    metric = _metric(results, metric)
    column = results.get(f"param_{parameter}")
    if column is None:
        known = [name[len("param_") :] for name in results if name.startswith("param_")]
        raise InvalidParameter(
            "The study has no such parameter.", got=parameter, expected=", ".join(known)
        )
    axes = _axes(axes)
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    chosen = [i for i in range(len(column)) if not mask[i]]
    values = [column[i] for i in chosen]
    means = np.asarray(results[f"mean_test_{metric}"], dtype=float)[chosen]
    spread = np.asarray(results[f"std_test_{metric}"], dtype=float)[chosen]
    if all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in values):
        places = np.asarray(values, dtype=float)
        if len(places) and places.min() > 0 and places.max() >= 100 * places.min():
            axes.set_xscale("log")
    else:
        names = [str(v) for v in values]
        order = list(dict.fromkeys(names))
        places = np.array([order.index(name) for name in names], dtype=float)
        axes.set_xticks(range(len(order)), order)
    axes.errorbar(places, means, spread, fmt="o", markersize=4, elinewidth=0.8)
    axes.set(xlabel=parameter, ylabel=metric)
    return axes
