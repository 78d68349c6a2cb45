"""The journal of predictions: who was answered what, by which version, and what came of it.

Predictions and feedback are events: appended, never changed, named by a ULID. They lie in segment
files rather than in the graph's database, since a served model makes thousands a second.
"""

from __future__ import annotations

from clew.serve.journal.read import Journal, Prediction
from clew.serve.journal.write import JournalWriter

__all__ = ["Journal", "JournalWriter", "Prediction"]
