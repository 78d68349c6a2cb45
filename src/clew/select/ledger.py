"""The ledger of a study: what a store knows of its tasks.

Kept are scores (by configuration, fold and metric), the answers of fitted estimators for the test
rows where they are cheap (so that a metric added later costs no fit), and the refitted estimator.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._validation import _score
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from clew.lineage.canonical import Digest, digest
from clew.select.default import current
from clew.select.heard import Level, heard, retell
from clew.select.identity import FORMAT, Identity
from clew.select.plan import Configuration
from clew.select.score import Answers, Recalled, needs_pipeline
from clew.select.store import StudyStore
from clew.select.study import Record, Study


class Ledger:
    """Looks tasks up in a store and keeps finished ones there.

    Parameters
    ----------
    study : Study
        Data, folds, scorers and options.
    store : StudyStore, "default" or None
        Where to look; None keeps nothing.
    """

    def __init__(self, study: Study, store: StudyStore | str | None) -> None:
        self._study = study
        self.store = current() if isinstance(store, str) else store
        self._identity = Identity(study)
        self._kept: dict[tuple[int, int], float] = {}

    def recall(self, configuration: Configuration, split: int) -> Record | None:
        """Return the record of a task that was done before, as exactly as is asked for now."""
        work = self._work(configuration, split)
        if work is None or self.store is None:
            return None
        found: dict[str, Any] = {}
        told: list[Level] = []
        for name, scorer in self._identity.scorers.items():
            key = _metric_key(work, scorer)
            entry = self.store.get(key) if key else None
            entry = entry or self._from_answers(configuration, split, work, name)
            if entry is None or entry["tolerance"] > self._study.policy.tolerance:
                return None
            if self._study.return_train_score and entry["train"] is None:
                return None
            found[name] = entry
            told = [*entry["told"], *entry["scoring"]]
        if not retell(told):
            return None
        record = self._record(found, split)
        self._kept[configuration.index, split] = record.tolerance
        return record

    def _work(self, configuration: Configuration, split: int) -> Digest | None:
        if self.store is None:
            return None
        return self._identity.work(configuration, split)

    def _record(self, found: Mapping[str, Any], split: int) -> Record:
        one = next(iter(found.values()))
        multiple = isinstance(self._study.scorer, _MultimetricScorer)
        result = {
            "fit_error": None,
            "test_scores": _each(found, "test") if multiple else one["test"],
            "n_test_samples": _num_samples(self._study.splits[split][1]),
            "fit_time": one["fit_s"],
            "score_time": one["score_s"],
        }
        if self._study.return_train_score:
            result["train_scores"] = _each(found, "train") if multiple else one["train"]
        tolerance = max(entry["tolerance"] for entry in found.values())
        return Record(result, one["rewrite"], tolerance, "reused")

    def _from_answers(
        self, configuration: Configuration, split: int, work: Digest, name: str
    ) -> dict[str, Any] | None:
        """Score answers that an earlier search kept."""
        scorer = self._study.scorer
        scorer = scorer._scorers[name] if isinstance(scorer, _MultimetricScorer) else scorer
        if needs_pipeline(scorer) or self._study.return_train_score or self.store is None:
            return None
        kept = self.store.get(_answers_key(work))
        if kept is None or self._study.score_params:
            return None
        model = Recalled(configuration.stages[-1].estimator, kept["classes"])
        stand_in = Answers(model, list, kept["answers"])
        y = self._study.y
        truth = None if y is None else _safe_indexing(y, self._study.splits[split][1])
        try:
            test = _score(stand_in, None, truth, scorer, {}, "raise")
        except Exception:  # an answer that was not kept: the task is computed
            return None
        return {**kept["about"], "test": test, "train": None, "scoring": []}

    def keep(self, configuration: Configuration, split: int, record: Record) -> None:
        """Keep what came of a task, unless it failed or depends on chance."""
        task = (configuration.index, split)
        work = self._work(configuration, split)
        known = self._kept.get(task, float("inf"))
        if work is None or self.store is None or record.tolerance >= known:
            return
        self._kept[task] = record.tolerance
        if record.source not in ("computed", "rewritten", "reused"):
            return
        if not record.told or None in record.told:
            return  # what it warned cannot be given again
        *told, scoring = record.told
        if scoring and len(self._identity.scorers) > 1:
            return  # which scorer warned is not known
        about = {
            "tolerance": record.tolerance,
            "rewrite": record.rewrite,
            "fit_s": record.result["fit_time"],
            "score_s": record.result["score_time"],
            "told": _plain(told),
        }
        for name, scorer in self._identity.scorers.items():
            test = _named(record.result["test_scores"], name)
            train = _named(record.result.get("train_scores"), name)
            key = _metric_key(work, scorer)
            if key is not None and np.isfinite(test):
                entry = {**about, "test": test, "train": train, "scoring": _plain([scoring])}
                self.store.put(key, entry, spent_s=record.cost_s)
        if record.answers:
            kept = {"about": about, "classes": record.classes, "answers": record.answers}
            self.store.put(_answers_key(work), kept, record.cost_s, record.cost_s)
        record.answers = None

    @property
    def keeps(self) -> bool:
        """Whether anything of this study can be kept."""
        return self.store is not None and self._identity.data is not None

    def refit(
        self, configuration: Configuration, X: Any, y: Any, fit_params: Mapping[str, Any], best: Any
    ) -> Any:
        """Return `best`, fitted on all rows (from the store where it is known)."""
        key = None
        if self.store is not None:
            key = self._identity.refit(self._identity.configuration(configuration))
            known = self.store.get(key) if key else None
            if known is not None and type(known) is type(best):
                return known
        rows, started = (X,) if y is None else (X, y), time.perf_counter()
        fitted, notices = heard(partial(best.fit, *rows, **fit_params))
        if key is not None and self.store is not None and not notices:
            self.store.put(key, fitted, spent_s=time.perf_counter() - started)
        return fitted


def _plain(levels: Iterable[Level]) -> list[list[list[Any]]]:
    """Return what was warned as nested lists; nothing where nothing was."""
    return [[list(told) for told in level] for level in levels if level]


def _each(found: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: entry[part] for name, entry in found.items()}


def _named(scores: Any, name: str) -> Any:
    return scores.get(name) if isinstance(scores, dict) else scores


def _metric_key(work: Digest, scorer: Digest | None) -> Digest | None:
    return None if scorer is None else digest("study-score", FORMAT, [work, scorer])


def _answers_key(work: Digest) -> Digest:
    return digest("study-answers", FORMAT, [work])
