"""Branches: parts of a ColumnTransformer or FeatureUnion, shared by what they read.

A new encoder for the text columns leaves the scaler's work on the numeric columns valid. Each
branch is named by its estimator, its columns and what lies above; a branch that several stages of
the plan need is computed once a fold, kept within a byte budget, and dropped at its last use.
"""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion
from sklearn.utils import get_tags

from clew.errors import Unhashable
from clew.select.categories import Encoders
from clew.select.plan import Configuration, Stage, stages_of
from clew.select.score import assemble
from clew.select.shared import private, seal, size_bytes
from clew.select.token import token

Key = tuple[Hashable, ...]


@dataclass(slots=True)
class _Kept:
    fitted: Any
    output: Any
    seal: object
    size_bytes: int


class Branches:
    """The branches of one fold.

    Parameters
    ----------
    memory_bytes : int
        Budget for kept outputs; the least recently used go first.
    rewrites : bool
        Whether encoders of the same columns may share categories.
    """

    def __init__(self, memory_bytes: int, *, rewrites: bool = True) -> None:
        self._budget = memory_bytes
        self.encoders = Encoders(memory_bytes, enabled=rewrites)
        self._size_bytes = 0
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._uses: Counter[Key] = Counter()
        self._taken: Counter[Key] = Counter()
        self.part = "fitting"

    def expect(self, configurations: Iterable[Configuration]) -> None:
        """Count how often each branch will be needed by the stages of these configurations."""
        seen: set[Key] = set()
        for configuration in configurations:
            above: Key = ()
            for stage in configuration.stages:
                if stage.tokens is None or stage.random:
                    break
                whole = (*above, stage_key(stage))
                if whole not in seen:
                    seen.add(whole)
                    for keys in filter(None, _chains(stage.estimator, above)):
                        self._count(keys)
                    for key, part in _encoders(stage.estimator, above):
                        self.encoders.expect(key, part)
                above = whole

    def _count(self, keys: tuple[Key, ...]) -> None:
        for key in reversed(keys):
            self._uses[key] += 1
            if self._uses[key] > 1:  # its own input is read once, by the one who computes it
                break

    def fit_transform(
        self, fresh: Any, above: Key | None, X: Any, y: Any, params: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Fit a transformer; return it with its output for the training rows."""
        self.part = "fitting"
        if above is not None and not params and self._shares(fresh, above):
            self._wrap(fresh, above)
        return fresh, _fit_transform(fresh, X, y, params)

    def transform(self, fitted: Any, X: Any, part: str) -> Any:
        """Transform rows; `part` tells which rows of the fold they are."""
        self.part = part
        return fitted.transform(X)

    def _shares(self, estimator: Any, above: Key) -> bool:
        chains = filter(None, _chains(estimator, above))
        return any(
            self._uses[key] > 1 or self.encoders.shares(key) for keys in chains for key in keys
        )

    def rewrites_of(self, stage: Stage, above: Key | None) -> tuple[str, ...]:
        """Return the names of the rewrites that fitted a stage's branches."""
        if above is None:
            return ()
        chains = filter(None, _chains(stage.estimator, above))
        names = (self.encoders.rewrite_of(key) for keys in chains for key in keys)
        return tuple(dict.fromkeys(filter(None, names)))

    def _wrap(self, estimator: Any, above: Key) -> None:
        attribute = _LISTS[type(estimator)]
        parts = getattr(estimator, attribute)
        wrapped = [
            (name, Remembered(branch, self, keys) if keys else branch, *columns)
            for (name, branch, *columns), keys in zip(parts, _chains(estimator, above), strict=True)
        ]
        setattr(estimator, attribute, wrapped)

    def bare(self, fitted: Any) -> Any:
        """Return a fitted transformer as scikit-learn would have left it."""
        attribute = _LISTS.get(type(fitted))
        if attribute is None or not any(
            type(p[1]) is Remembered for p in getattr(fitted, attribute)
        ):
            return fitted
        plain = copy.copy(fitted)
        for name in (attribute, "transformers_"):
            if hasattr(plain, name):
                parts = getattr(plain, name)
                setattr(plain, name, [(n, _inner(b), *rest) for n, b, *rest in parts])
        return plain

    def recall(self, key: Key, make: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Return the kept (fitted stages, output) of a key for the current part, or make it."""
        slot = (self.part, *key)
        self._taken[slot] += 1
        last = self._taken[slot] >= self._uses[key]
        kept = self._kept.get(slot)
        if kept is not None and kept.seal is not None and seal(kept.output) == kept.seal:
            self._kept.move_to_end(slot)
            fitted, output = kept.fitted, private(kept.output)
        else:
            fitted, output = make()
            if not last:
                self._keep(slot, fitted, output)
        if last:
            self._drop(slot)
        return fitted, output

    def _keep(self, slot: Key, fitted: Any, output: Any) -> None:
        self._drop(slot)
        size = size_bytes(output)
        if size > self._budget:
            return
        while self._kept and self._size_bytes + size > self._budget:
            self._drop(next(iter(self._kept)))
        self._kept[slot] = _Kept(fitted, output, seal(output), size)
        self._size_bytes += size

    def _drop(self, slot: Key) -> None:
        kept = self._kept.pop(slot, None)
        if kept is not None:
            self._size_bytes -= kept.size_bytes


class Remembered(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A branch that looks for its result before it computes; stands in for its transformer.

    Parameters
    ----------
    template : transformer
        The unfitted branch.
    branches : Branches
        Where results are kept.
    keys : tuple of tuple
        Key of each stage of the branch, in order.
    """

    def __init__(self, template: Any, branches: Branches, keys: tuple[Key, ...]) -> None:
        self.template, self.branches, self.keys = template, branches, keys
        self.fitted: tuple[Any, ...] = ()

    def __sklearn_clone__(self) -> Remembered:
        return Remembered(self.template, self.branches, self.keys)

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.template)

    def __sklearn_is_fitted__(self) -> bool:
        return bool(self.fitted)

    def fit(self, X: Any, y: Any = None) -> Remembered:
        """Fit the branch."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit the branch, or recall it fitted, and return its output."""
        self.fitted, output = self._fit_up_to(len(self.keys), X, y)
        return output

    def _fit_up_to(self, count: int, X: Any, y: Any) -> tuple[tuple[Any, ...], Any]:
        if count == 0:
            return (), X

        def make() -> tuple[tuple[Any, ...], Any]:
            before, output = self._fit_up_to(count - 1, X, y)
            stage = clone(stages_of(self.template)[count - 1].estimator)
            encoded = self.branches.encoders.fit_transform(self.keys[count - 1], stage, output, y)
            output = _fit_transform(stage, output, y, {}) if encoded is None else encoded
            return (*before, stage), output

        return self.branches.recall(self.keys[count - 1], make)

    def transform(self, X: Any) -> Any:
        """Transform rows, or recall them transformed."""
        return self._transform_up_to(len(self.keys), X)

    def _transform_up_to(self, count: int, X: Any) -> Any:
        if count == 0:
            return X

        def make() -> tuple[None, Any]:
            return None, self.fitted[count - 1].transform(self._transform_up_to(count - 1, X))

        return self.branches.recall(self.keys[count - 1], make)[1]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the branch's own names."""
        return assemble(self.template, self.fitted).get_feature_names_out(input_features)


_LISTS = {ColumnTransformer: "transformers", FeatureUnion: "transformer_list"}


def _inner(branch: Any) -> Any:
    if type(branch) is not Remembered:
        return branch
    return assemble(branch.template, branch.fitted) if branch.fitted else branch.template


def stage_key(stage: Stage) -> Hashable:
    """Return what identifies a stage within one search."""
    return (type(stage.estimator), stage.tokens)


def _chains(estimator: Any, above: Key) -> Iterator[tuple[Key, ...] | None]:
    """Yield the keys of each branch's stages, None for a branch that is not shared."""
    attribute = _LISTS.get(type(estimator))
    if attribute is None or not _is_plain(estimator):
        return
    for _, branch, *columns in getattr(estimator, attribute):
        yield _chain(branch, columns, above)


def _encoders(estimator: Any, above: Key) -> Iterator[tuple[Key, Any]]:
    """Yield the key and the estimator of each stage of the branches that are shared."""
    attribute = _LISTS.get(type(estimator), "")
    parts = getattr(estimator, attribute, ())
    for (_, branch, *_), keys in zip(parts, _chains(estimator, above), strict=False):
        for key, stage in zip(keys or (), stages_of(branch) if keys else (), strict=True):
            yield key, stage.estimator


def _chain(branch: Any, columns: list[Any], above: Key) -> tuple[Key, ...] | None:
    if branch is None or isinstance(branch, str):
        return None
    try:
        key: Key = (above, token(columns))
    except Unhashable:
        return None
    keys = []
    for stage in stages_of(branch):
        if stage.tokens is None or stage.random:
            return None
        key = (*key, stage_key(stage))
        keys.append(key)
    return tuple(keys)


def _is_plain(estimator: Any) -> bool:
    """Branches are taken apart only where output containers and jobs are the default ones."""
    if estimator.n_jobs not in (None, 1) or hasattr(estimator, "_sklearn_output_config"):
        return False
    return not estimator.verbose and get_config()["transform_output"] == "default"


def _fit_transform(transformer: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    if hasattr(transformer, "fit_transform"):
        return transformer.fit_transform(X, y, **params)
    return transformer.fit(X, y, **params).transform(X)
