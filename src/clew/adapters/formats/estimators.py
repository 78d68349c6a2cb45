"""scikit-learn estimators by skops: their state as data, no code in it.

What skops trusts may be read from anywhere. Compiled parts of scikit-learn (trees, for example)
hold no code either, but take their buffers unchecked: estimators with such parts are read only from
a store that is trusted. One that holds anything of the user's own goes to the next format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import skops.io
from sklearn.base import BaseEstimator

from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_LIBRARIES = ("sklearn.", "numpy.", "scipy.")


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
        if not all(map(_is_known, unknown)):
            raise UnsupportedValue("skops does not trust all of it", got=", ".join(unknown))
        meta = json.dumps(sorted(unknown)).encode()
        return Encoded(self.name, meta, (content,), trusted_only=bool(unknown)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the estimator; nothing is imported but what the libraries themselves define."""
        (content,) = encoded.buffers
        try:
            # The names are those that encoding found; none but the libraries' own are believed.
            known = [name for name in json.loads(encoded.meta) if _is_known(name)]
            trusted = known if encoded.trusted_only else []
            return skops.io.loads(bytes(content), trusted=trusted)
        except Exception as error:
            raise ValueError(f"skops: {error}") from error


def _is_known(type_name: str) -> bool:
    return type_name.startswith(_LIBRARIES)
