"""Fitted states by name: what a fit left behind is named by the fit, as long as nobody edits it."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any, NamedTuple

from clew.lineage.canonical import Digest
from clew.reuse.estimators.describe import Traits, content_walk
from clew.reuse.estimators.identity import Identities
from clew.reuse.estimators.quick import quick_digest


class _Record(NamedTuple):
    holder: weakref.ref[Any]
    quick: Digest
    id: Digest


class Described(NamedTuple):
    """An estimator's state: its id, its quick digest (to tell edits), and what was noticed."""

    id: Digest
    quick: Digest
    traits: Traits


class States:
    """Which state each live estimator has."""

    def __init__(self) -> None:
        self._records: dict[int, _Record] = {}

    def describe(self, estimator: Any, identities: Identities) -> Described:
        """Return the state of an estimator.

        Raises
        ------
        Unhashable
            When something in it has no sound id.
        """
        quick, traits = quick_digest(estimator)
        record = self._records.get(id(estimator))
        if record is not None and record.holder() is estimator and record.quick == quick:
            return Described(record.id, quick, traits)
        made = content_walk(identities).state(estimator)
        self.remember(estimator, quick, made)
        return Described(made, quick, traits)

    def remember(self, estimator: Any, quick: Digest, made: Digest) -> None:
        """Write down that an estimator, as it is now, has the state called `made`."""
        key = id(estimator)
        try:
            holder = weakref.ref(estimator, partial(_lost, self._records, key))
        except TypeError:
            return
        self._records[key] = _Record(holder, quick, made)


def _lost(table: dict[int, Any], key: int, _: object) -> None:
    table.pop(key, None)
