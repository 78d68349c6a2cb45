"""Features of entities over time. Facts added: feature views.

- `FeatureView`: which columns of a table are features of which entities, and when they are known.
- `history`: the features that were known at the times of given rows, for training.
- `latest`: the features that are known now, for serving.
"""

from clew.data.features.history import history, latest, times_of
from clew.data.features.view import FeatureView

__all__ = ["FeatureView", "history", "latest", "times_of"]
