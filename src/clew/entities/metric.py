"""One measured number."""

from __future__ import annotations

import msgspec


class Metric(msgspec.Struct, frozen=True):
    """A number that a run logged under a name.

    Parameters
    ----------
    value : float
        NaN and ±∞ are kept.
    step : int
        Position in the history (an epoch, a round); may be negative.
    model_id : str or None
        The logged model that was measured.
    dataset_name, dataset_digest : str or None
        What it was measured on.
    run_id : str or None
        The run that logged it, where a logged model's metrics are told.
    """

    key: str
    value: float
    time_ms: int = 0
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None
