"""Series changed so that they mean the same: noise, other clocks, other scales, a window.

All take series of shape (n, steps, channels), float64, a magnitude in [0, 1], and the rows' draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.augment.draws import Draws

Series = npt.NDArray[np.float64]

JITTER, SCALE, WARP, WINDOW, KNOTS = 0.5, 0.5, 0.9, 0.5, 4


def jitter(series: Series, magnitude: float, draws: Draws) -> Series:
    """Return series with noise of N(0, .5 × magnitude) of each channel's own spread."""
    spread = series.std(axis=1, keepdims=True)
    grain = draws.normal(*series.shape[1:])
    return np.asarray(series + grain * spread * (JITTER * magnitude))


def rescale(series: Series, magnitude: float, draws: Draws) -> Series:
    """Return series scaled channel by channel, by a factor of up to 1 ± .5 × magnitude."""
    return np.asarray(series * (1.0 + draws.signed(1, series.shape[2]) * SCALE * magnitude))


def time_warp(series: Series, magnitude: float, draws: Draws) -> Series:
    """Return series whose clock runs faster here and slower there; order, start and end stay.

    Between four knots the clock's speed is piecewise linear, 1 ± .9 × magnitude at each knot.
    """
    steps = series.shape[1]
    if steps < 2:
        return series
    speed = 1.0 + draws.signed(KNOTS) * WARP * magnitude
    ticks = _read(speed[:, :, None], np.linspace(0, KNOTS - 1, steps - 1)[None, :])[:, :, 0]
    clock = np.concatenate([np.zeros((len(series), 1)), np.cumsum(ticks, axis=1)], axis=1)
    return _read(series, clock / clock[:, -1:] * (steps - 1))


def window(series: Series, magnitude: float, draws: Draws) -> Series:
    """Return a part of each series from a random place, up to .5 × magnitude shorter, stretched."""
    steps = series.shape[1]
    length = (steps - 1) * (1.0 - draws.uniform() * WINDOW * magnitude)
    start = draws.uniform() * (steps - 1 - length)
    return _read(series, start[:, None] + length[:, None] * np.linspace(0, 1, steps))


def _read(series: Series, at: npt.NDArray[Any]) -> Series:
    """Return series read between steps, linearly; `at` has shape (n or 1, new steps)."""
    at = np.broadcast_to(np.clip(at, 0, series.shape[1] - 1), (len(series), at.shape[1]))
    before = np.minimum(at.astype(np.int64), max(series.shape[1] - 2, 0))
    after = np.minimum(before + 1, series.shape[1] - 1)
    share = (at - before)[:, :, None]
    rows = np.arange(len(series))[:, None]
    result: Series = series[rows, before] * (1.0 - share) + series[rows, after] * share
    return result
