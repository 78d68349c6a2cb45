"""clew: the machine-learning lifecycle on one lineage graph."""

__version__ = "0.1.0"
