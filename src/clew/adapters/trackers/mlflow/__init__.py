"""MLflow's own stores, read only: its SQLite file and its ``mlruns`` folder.

Nothing of them is run or unpickled, and no file outside the folders that the caller names is read.
"""

from clew.adapters.trackers.mlflow.open import MlflowStore, open_mlflow

__all__ = ["MlflowStore", "open_mlflow"]
