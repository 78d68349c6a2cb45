"""A study as a Rich table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from clew.select.results import Explanation


def _text(value: Any) -> str:
    return "" if value is np.ma.masked else str(value)


def study_table(
    results: Mapping[str, Any], explanations: Sequence[Explanation], limit: int = 20
) -> Table:
    """Return the best configurations as a table.

    Parameters
    ----------
    results : mapping
        ``cv_results_`` of a search.
    explanations : sequence of Explanation
        ``explain_`` of the same search.
    limit : int
        Number of rows.
    """
    metric = next(name for name in results if name.startswith("mean_test_"))[len("mean_test_") :]
    ranks = results[f"rank_test_{metric}"]
    parameters = [name for name in results if name.startswith("param_")]
    table = Table(title=f"Study: {len(ranks)} configurations, by {metric}")
    for name in ("rank", metric, "±", *(name[6:] for name in parameters), "how"):
        table.add_column(name)
    for index in np.argsort(ranks, kind="stable")[:limit]:
        values = [
            "" if v is np.ma.masked else str(v) for v in (results[p][index] for p in parameters)
        ]
        mean, std = results[f"mean_test_{metric}"][index], results[f"std_test_{metric}"][index]
        how = str(explanations[index]).partition("; ")
        summary = how[0].partition(": ")[2] + (f"; {how[2]}" if how[2] else "")
        table.add_row(str(ranks[index]), f"{mean:.6g}", f"{std:.2g}", *values, summary)
    return table
