"""What one request, and all requests together, may take."""

from __future__ import annotations

from dataclasses import dataclass

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a server that answers strangers.

    Parameters
    ----------
    most_bytes : int
        Largest body of a request, after decompression too.
    most_rows : int
        Rows of one request.
    most_waiting : int
        Rows that may wait for a model; beyond them a request is refused (429).
    timeout_s : float
        How long a request may take: its body, its wait in the queue, its answer.
    """

    most_bytes: int = 64 << 20
    most_rows: int = 10_000
    most_waiting: int = 10_000
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        for name in ("most_bytes", "most_rows", "most_waiting", "timeout_s"):
            if not getattr(self, name) > 0:
                raise InvalidParameter(
                    f"limit {name}", got=str(getattr(self, name)), expected="more than 0"
                )


DEFAULT = Limits()
