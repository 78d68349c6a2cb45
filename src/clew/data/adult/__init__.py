"""Adult ("Census Income"): 48,842 people of the 1994 US census, and whether they earn over 50,000.

Becker, B. and Kohavi, R. (1996), UCI Machine Learning Repository,
https://doi.org/10.24432/C5XW20, Creative Commons Attribution 4.0 (see LICENSE.txt beside the file).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def path() -> Path:
    """Return the Parquet file: 48,842 rows, `row_id`, 14 features, `income`, and `split`.

    `split` is ``train`` for the 32,561 rows of ``adult.data`` and ``test`` for the 16,281 of
    ``adult.test``; missing categories are null.
    """
    return Path(str(files(__package__).joinpath("adult.parquet")))
