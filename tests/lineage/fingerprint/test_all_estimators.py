"""Every estimator that scikit-learn ships: one fit, one id; predicting does not change it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils import all_estimators

from clew.lineage.fingerprint import fingerprint

rng = np.random.default_rng(0)
X = np.abs(rng.normal(size=(60, 4)))
y = (X[:, 0] > 0.7).astype(int)
STATELESS = {"FeatureHasher", "HashingVectorizer", "PatchExtractor"}
ESTIMATORS = dict(all_estimators())


def build(kind):
    try:
        model = kind()
    except TypeError:
        pytest.skip("needs arguments")
    return model.set_params(random_state=0) if "random_state" in model.get_params() else model


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_fit_one_id(name):
    plain = build(ESTIMATORS[name])
    unfitted = fingerprint(plain)
    try:
        model, again = plain.fit(X, y), build(ESTIMATORS[name]).fit(X, y)
    except Exception as error:
        pytest.skip(f"cannot be fitted on plain numbers: {error}")
    own = fingerprint(model)
    assert fingerprint(again) == own
    assert (own == unfitted) == (name in STATELESS)
    for method in ("predict", "transform", "score_samples", "kneighbors"):
        try:
            getattr(model, method)(X)
        except Exception:  # not every one can; what matters is what it leaves behind
            continue
    assert fingerprint(model) == own
