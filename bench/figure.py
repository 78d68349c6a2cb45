"""One measured figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What a benchmark yields.

    Parameters
    ----------
    figure : str
        Id of the figure, ``NAME.something``, where NAME is the benchmark's module.
    value : float
        The plain number that `bench.asked` asks for: a share or a percentage as a fraction, a
        speed-up as the ratio, yes as 1.
    unit : str
        ``"ratio"``, ``"ms"``, ``"bytes"``, ``"count"``, ``"share"``, …
    clew, peer : float, optional
        What `value` was made of: clew's own measurement and the peer's.
    peer_name : str, optional
        Who or what the peer is, with its version: ``"joblib.Memory 1.6"``.
    agrees : bool
        Whether both gave the same results. A figure that does not agree is worth nothing.
    asked : str, optional
        What is asked, ``"<= 0.03"``; taken from `bench.asked` where it is left out.
    """

    figure: str
    value: float
    unit: str
    clew: float | None = None
    peer: float | None = None
    peer_name: str | None = None
    agrees: bool = True
    asked: str | None = None
