"""Four families side by side: what several of them call unusual is worth a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from clew.data.outliers.coded import Coded, Floats, coded
from clew.errors import InvalidParameter, MissingExtra

Family = Literal["spread", "density", "isolation", "projection"]
FAMILIES: tuple[Family, ...] = ("spread", "density", "isolation", "projection")
"""How far a value is from its column's middle (the modified z-score, Iglewicz and Hoaglin 1993);
how empty a row's surroundings are (the local outlier factor, Breunig et al. 2000); how few random
cuts isolate it (isolation forests, Liu et al. 2008); how badly the main directions of the table
describe it (principal components, Shyu et al. 2003)."""

_NEIGHBOURS, _TREES, _EXPLAINED = 20, 100, 0.9
_MOST_ROWS = 5_000
_CARRIED = 3


@dataclass(frozen=True, slots=True)
class Outlier:
    """A row that is unlike the others.

    Parameters
    ----------
    row : int
        Its position.
    score : float
        Mean over the families of the share of rows that are less unusual: 1 is the most.
    families : tuple of str
        Those for which it is among the most unusual `share`.
    columns : tuple of str
        Whose values are farthest from what is usual, the farthest first.
    """

    row: int
    score: float
    families: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """What was found.

    Parameters
    ----------
    rows : tuple of Outlier
        Those that most families agree on first.
    scores : mapping of str to (n_rows,) array
        What each family says of each row: the larger, the more unusual.
    left_out : tuple of str
        Columns that were not looked at: constants, keys, lists.
    """

    rows: tuple[Outlier, ...]
    scores: Mapping[str, Floats]
    left_out: tuple[str, ...]


def find_outliers(
    table: Any,
    *,
    share: float = 0.01,
    most: int = 20,
    families: Sequence[Family] = FAMILIES,
    seed: int = 0,
) -> Outliers:
    """Return the rows that are most unlike the others.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
        Numbers, times and texts; a text is unusual where its value is rare.
    share : float
        The share of rows that each family points at.
    most : int
        How many rows are returned.
    families : sequence of str
        Of `FAMILIES`. They err differently: alone none is to be trusted.
    seed : int
        Of the forest, and of the rows on which large tables' families are learned.

    Raises
    ------
    InvalidParameter
        When there are fewer than 20 rows, no column says anything, or an option makes no sense.
    MissingExtra
        When scikit-learn is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.data.outliers import find_outliers
    >>> draw = np.random.default_rng(0)
    >>> height = draw.normal(170, 8, 500)
    >>> weight = height - 100 + draw.normal(0, 5, 500)
    >>> height[7], weight[7] = 190, 45  # each is usual, both together are not
    >>> find_outliers({"height": height, "weight": weight}).rows[0].row
    7
    """
    unknown = sorted(set(families) - set(FAMILIES))
    if unknown or not families or not 0 < share < 1 or most < 1:
        raise InvalidParameter(
            "families, share, most",
            got=f"{', '.join(families)}, {share}, {most}",
            expected=f"of {', '.join(FAMILIES)}; between 0 and 1; 1 or more",
        )
    known = coded(table)
    scores = {family: _SCORES[family](known, seed) for family in families}
    n_rows = len(known.values)
    pointed = max(1, round(share * n_rows))
    places = {family: _below(one) for family, one in scores.items()}
    mean = np.mean(list(places.values()), axis=0)
    among = {
        family: one >= np.partition(one, n_rows - pointed)[n_rows - pointed]
        for family, one in scores.items()
    }
    votes = np.sum(list(among.values()), axis=0)
    order = np.lexsort((np.arange(n_rows), -mean, -votes))[:most]
    rows = tuple(
        Outlier(
            int(at),
            float(mean[at]),
            tuple(family for family in families if among[family][at]),
            _carried(known, int(at)),
        )
        for at in order
        if votes[at]
    )
    return Outliers(rows, {str(name): one for name, one in scores.items()}, known.left_out)


def _below(scores: Floats) -> Floats:
    """Return the share of rows that are less unusual than each; of equal ones their middle."""
    ordered = np.sort(scores)
    low = np.searchsorted(ordered, scores, side="left")
    high = np.searchsorted(ordered, scores, side="right")
    return (low + high - 1) / 2 / max(len(scores) - 1, 1)


def _carried(known: Coded, row: int) -> tuple[str, ...]:
    far = np.abs(known.values[row])
    order = np.argsort(-far, kind="stable")[:_CARRIED]
    return tuple(known.names[at] for at in order if far[at] > 0)


def _spread(known: Coded, _seed: int) -> Floats:
    return np.asarray(np.abs(known.values).max(axis=1))


def _density(known: Coded, seed: int) -> Floats:
    try:
        from sklearn.neighbors import LocalOutlierFactor
    except ImportError as error:
        raise _missing() from error
    values = _squashed(known)
    some = _some(values, seed)
    neighbours = min(_NEIGHBOURS, len(some) - 1)
    model = LocalOutlierFactor(neighbours, novelty=len(some) < len(values))
    model.fit(some)
    if len(some) < len(values):
        return np.asarray(-model.score_samples(values))
    return np.asarray(-model.negative_outlier_factor_)


def _isolation(known: Coded, seed: int) -> Floats:
    try:
        from sklearn.ensemble import IsolationForest
    except ImportError as error:
        raise _missing() from error
    forest = IsolationForest(n_estimators=_TREES, random_state=seed).fit(known.values)
    return np.asarray(-forest.score_samples(known.values))


def _projection(known: Coded, _seed: int) -> Floats:
    values = _squashed(known)
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    variances, directions = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    variances, directions = variances[::-1], directions[:, ::-1]
    told = np.cumsum(variances) / variances.sum()
    first = int(np.searchsorted(told, _EXPLAINED)) + 1
    if first >= len(variances):  # All are needed: what is unusual along the last is unusual.
        first = max(1, len(variances) - 1)
    along = scaled @ directions
    # Each direction in its own deviations: the small ones are where oddities show.
    return np.asarray((along[:, first:] ** 2 / np.maximum(variances[first:], 1e-12)).sum(axis=1))


def _squashed(known: Coded) -> Floats:
    """Return values whose extremes do not hide everything else."""
    return np.asarray(np.arcsinh(known.values))


def _some(values: Floats, seed: int) -> Floats:
    if len(values) <= _MOST_ROWS:
        return values
    chosen = np.random.default_rng(seed).choice(len(values), _MOST_ROWS, replace=False)
    return values[np.sort(chosen)]


def _missing() -> MissingExtra:
    return MissingExtra("outliers need scikit-learn", hint="pip install 'clew[sklearn]'")


_SCORES = {
    "spread": _spread,
    "density": _density,
    "isolation": _isolation,
    "projection": _projection,
}
