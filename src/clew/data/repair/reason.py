"""Why a value is repaired, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clew.data.repair.coded import Codes
from clew.data.repair.column import Column
from clew.data.repair.evidence import Counts, groups_of


def reasons(column: Column, now: Mapping[str, Codes], rows: Codes) -> list[str]:
    """Return for rows whose value is repaired what speaks for the new one."""
    if not len(rows):
        return []
    name = column.coded.name
    values, seen, new = column.coded.values, column.coded.codes, now[name]
    counted = [Counts(groups_of(now, names), new, len(values)) for names in column.given]
    own = np.bincount(new[new >= 0], minlength=len(values))
    found = []
    for row in rows.tolist():
        best, text = 0.0, ""
        for names, counts, weight in zip(column.given, counted, column.weights, strict=True):
            group = counts.groups[row]
            if group < 0:
                continue
            for_it = int(counts.of(counts.groups[[row]], new[[row]])[0]) - 1
            rest = int(counts.totals[group]) - 1
            if for_it > 0 and weight * for_it / rest > best:
                best = weight * for_it / rest
                text = f"{for_it} of {rest} other rows with the same {' and '.join(names)} have it"
        typed = column.channel.typed(seen[[row]], new[[row]])[0]
        if column.channel.possible(typed):
            near = f"{values[seen[row]]!r} is a slip away from it"
            text = f"{text or f'{int(own[new[row]]) - 1} other rows have it'}; {near}"
        found.append(text or "it fits the row's other values better")
    return found
