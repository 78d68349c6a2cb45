"""Rows that are unlike the others, by four families of methods that err differently.

- `find_outliers`: rows with what each family says, and the columns that carry it.
"""

from clew.data.outliers.find import FAMILIES, Outlier, Outliers, find_outliers

__all__ = ["FAMILIES", "Outlier", "Outliers", "find_outliers"]
