"""What a table must look like, and what is wrong with one. Facts added: schemas, anomalies.

- `infer`: the schema of a table; `read` and `write`: a schema as a file.
- `validate`: a table against a schema; `drift`: two tables against each other.
- `to_pandera` and `from_pandera`: the same rules for pandera.
"""

from clew.data.schema.anomaly import Anomaly
from clew.data.schema.drift import drift
from clew.data.schema.exchange import from_pandera, to_pandera
from clew.data.schema.file import read, write
from clew.data.schema.infer import infer
from clew.data.schema.schema import Column, Schema
from clew.data.schema.validate import validate

__all__ = [
    "Anomaly",
    "Column",
    "Schema",
    "drift",
    "from_pandera",
    "infer",
    "read",
    "to_pandera",
    "validate",
    "write",
]
