"""Two models row by row: which rows flipped, and which groups of rows gained or lost.

- `compare`: on labelled rows, from the answers of both.
"""

from clew.debug.comparison.compare import Change, Comparison, Flip, compare

__all__ = ["Change", "Comparison", "Flip", "compare"]
