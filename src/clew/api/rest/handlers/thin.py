"""Fewer points with the same look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def lttb(x: Sequence[float], y: Sequence[float], most: int) -> list[int]:
    """Return the positions of `most` points that keep the shape of a line.

    Largest triangle three buckets (Steinarsson, *Downsampling Time Series for Visual
    Representation*, 2013, section 4.2): of each bucket the point that makes the largest triangle
    with the point chosen before it and the mean of the next bucket. The first and the last stay.

    Parameters
    ----------
    x, y : sequence of float
        At least `most` points, `x` not falling.
    most : int
        At least 3.
    """
    import numpy as np

    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    count = len(across)
    edges = np.linspace(1, count - 1, most - 1).astype(np.intp)
    chosen = [0]
    for bucket in range(most - 2):
        start, stop = edges[bucket], max(edges[bucket + 1], edges[bucket] + 1)
        after = edges[min(bucket + 2, most - 2)] if bucket + 2 < most - 1 else count
        following = slice(stop, max(after, stop + 1))
        beyond_x, beyond_y = across[following].mean(), up[following].mean()
        before_x, before_y = across[chosen[-1]], up[chosen[-1]]
        area = np.abs(
            (before_x - beyond_x) * (up[start:stop] - before_y)
            - (before_x - across[start:stop]) * (beyond_y - before_y)
        )
        chosen.append(int(start + area.argmax()))
    return list(dict.fromkeys([*chosen, count - 1]))


def minmax(x: Sequence[float], y: Sequence[float], most: int) -> list[int]:
    """Return the positions of the least and greatest point of each bucket, both ends included."""
    if most < 4:  # No room for both extremes beside the ends.
        return lttb(x, y, most)
    import numpy as np

    up = np.asarray(y, dtype=np.float64)
    count = len(up)
    buckets = (most - 2) // 2
    edges = np.linspace(0, count, buckets + 1).astype(np.intp)
    chosen = {0, count - 1}
    for start, stop in pairwise(edges):
        if stop > start:
            part = up[start:stop]
            chosen |= {int(start + part.argmin()), int(start + part.argmax())}
    return sorted(chosen)
