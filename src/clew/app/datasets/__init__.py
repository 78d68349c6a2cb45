"""Datasets with versions, kept in the store. Facts added: versions, branches and tags."""

from clew.app.datasets.versioned import Dataset, datasets

__all__ = ["Dataset", "datasets"]
