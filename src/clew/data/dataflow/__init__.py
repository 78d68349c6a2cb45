"""Dataflows: one expression over tables, on an embedded engine or on Spark.

- `Dataflow`: named tables, expressions over them (Ibis), their results as Arrow tables, and which
  source rows a derived row was made of.
- `sample`, `split`: parts of a table by a hash of the rows' keys, alike on every engine.
"""

from clew.data.dataflow.flow import Dataflow
from clew.data.dataflow.split import sample, split

__all__ = ["Dataflow", "sample", "split"]
