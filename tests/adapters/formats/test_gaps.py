"""Arrays with gaps inside objects keep them: a content id covers the layout."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from clew.adapters.formats.opaque import OpaqueCodec
from clew.app.frameworks import register_frameworks
from clew.lineage.fingerprint import fingerprint

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 4))
y = X[:, 0]


class Holder:
    def __init__(self, data):
        self.data = data


@pytest.mark.parametrize(
    "value",
    [
        Holder(X[:, :3]),
        Holder(X[::-1]),
        Holder([X[:, 0], X[:, 1]]),
        TruncatedSVD().fit(X),
        GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=2).fit(X, y),
    ],
    ids=lambda value: type(value).__name__,
)
def test_they_come_back_with_their_id(value):
    register_frameworks()
    codec = OpaqueCodec()
    encoded, children = codec.encode(value)
    assert not children
    assert fingerprint(codec.decode(encoded, [])) == fingerprint(value)
