"""Features of the Adult rows. Change something here and run the flow again."""

import numpy as np
import pandas as pd

BINS = 8


def age_band(age: pd.Series) -> pd.Series:
    """Return bands of equal width between 17 and 90 years."""
    edges = np.linspace(17, 90, BINS + 1)
    return pd.Series(np.clip(np.digitize(age, edges), 1, BINS), index=age.index, name="age_band")


def capital(rows: pd.DataFrame) -> pd.Series:
    """Return the logarithm of what capital brought or cost."""
    net = rows["capital_gain"] - rows["capital_loss"]
    return np.sign(net) * np.log1p(net.abs())
