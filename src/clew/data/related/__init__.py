"""Which tables hold the same things: sketches of columns, and what they tell of each other.

- `sketched`: a small summary of the distinct values of each column.
- `similar`, `joinable`: how alike tables are, and which columns lie within one another.
"""

from clew.data.related.match import Join, Likeness, Pair, joinable, similar
from clew.data.related.sketch import Sketch, sketched

__all__ = ["Join", "Likeness", "Pair", "Sketch", "joinable", "similar", "sketched"]
