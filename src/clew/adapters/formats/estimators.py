"""scikit-learn estimators by skops: their state as data, no code in it.

Only what skops itself trusts is written so; an estimator that holds anything of the user's own goes
to the next format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import skops.io
from sklearn.base import BaseEstimator

from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


class EstimatorCodec:
    """Estimators made of types that skops trusts."""

    name = "skops"
    exact = False

    def accepts(self, value: object) -> bool:
        """Tell whether the value is an estimator."""
        return isinstance(value, BaseEstimator)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the archive, uncompressed (the blob store decides on that)."""
        try:
            content = skops.io.dumps(value)
            unknown = skops.io.get_untrusted_types(data=content)
        except Exception as error:  # skops raises whatever a member's class raises.
            raise UnsupportedValue("skops cannot hold this", got=str(error)) from error
        if unknown:
            raise UnsupportedValue("skops does not trust all of it", got=", ".join(unknown))
        return Encoded(self.name, b"1", (content,)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the estimator; nothing is imported that skops does not trust."""
        (content,) = encoded.buffers
        try:
            return skops.io.loads(bytes(content), trusted=[])
        except Exception as error:
            raise ValueError(f"skops: {error}") from error
