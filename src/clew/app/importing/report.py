"""What an import did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Imported:
    """Counts by kind (experiments, runs, models, artifacts, registered, versions).

    Attributes
    ----------
    new, known : Counter
        What came in, and what was here.
    points : int
        Points of metrics that were read.
    verified : int
        Runs whose content here was compared with the source.
    elsewhere : list of str
        Whose artifacts lie where they cannot be read, with their address.
    left_out : list of str
        What could not be taken in, and why.
    """

    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    points: int = 0
    verified: int = 0
    elsewhere: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def added(self, kind: str, count: int = 1) -> None:
        """Count something new."""
        self.new[kind] += count

    def kept(self, kind: str, count: int = 1) -> None:
        """Count something that was here."""
        self.known[kind] += count
