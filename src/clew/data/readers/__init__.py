"""Tables from files and databases, all of them Arrow tables: one schema type, whatever the source.

- `read`: a table, by the file's ending or the database's address.
- `read_matrix`: a sparse matrix and its targets, of formats that hold one.
"""

from clew.data.readers.matrices import read_matrix
from clew.data.readers.read import FORMATS, read

__all__ = ["FORMATS", "read", "read_matrix"]
