"""Content ids of SciPy values: sparse arrays and splines."""

import clew.adapters.frameworks.sparse
import clew.adapters.frameworks.splines  # noqa: F401 (both register their handlers)
