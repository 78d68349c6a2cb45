"""The report: all parts of a dataset side by side, and what is wrong with model or data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.reports import classification, find, regression, views
from clew.debug.reports.html import html
from clew.debug.reports.markdown import markdown
from clew.debug.reports.parts import Answers, Part, answers_of, inputs_of, latency_ms, parts_of
from clew.debug.reports.side_by_side import gaps, scored
from clew.errors import InvalidParameter, MissingExtra, NotFound

Task = Literal["classification", "regression"]
FORMAT = 1
_FEW_VALUES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A report on a model and a dataset.

    Parameters
    ----------
    document : dict
        All of it as plain data: numbers as ``{"value", "low", "high"}``.
    """

    document: dict[str, Any]

    def json(self) -> str:
        """Return it as JSON; what is no number is null."""
        return json.dumps(plain(self.document), ensure_ascii=False, allow_nan=False)

    def markdown(self) -> str:
        """Return the report for people, as Markdown."""
        return markdown(plain(self.document))

    def html(self) -> str:
        """Return the report as one page without scripts, which loads nothing."""
        return html(plain(self.document))


def plain(value: Any) -> Any:
    """Return data as JSON has it: no NumPy, nothing infinite."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def report(
    model: Any,
    data: Any,
    *,
    target: str,
    champion: Any = None,
    name: str = "model",
    **options: Any,
) -> Report:
    """Return the report on a model and a dataset.

    Parameters
    ----------
    model : object with ``predict``, or mapping of str to array
        A fitted model; or stored answers by part.
    data : mapping of str to frame, or a frame
        Parts by name (``train``, ``validation``, ``test``, ``production``), or one table with a
        column that names them. Labels may be missing where none has come.
    target : str
        The column that is predicted.
    champion : object with ``predict``, or mapping of str to array, optional
        Another model, for the paired difference.
    name : str
        How the document calls the model.
    options
        Of `reports`.

    Raises
    ------
    InvalidParameter, NotFound
        When the data are not what they are said to be.
    MissingExtra
        Without pandas or scikit-learn.
    """
    if champion is None:
        return reports({name: model}, data, target=target, **options)[name]
    models = {"": champion, name: model}
    return reports(models, data, target=target, champion="", **options)[name]


def reports(
    models: Mapping[str, Any],
    data: Any,
    *,
    target: str,
    champion: str | None = None,
    features: Sequence[str] | None = None,
    split: str = "split",
    id: str | None = None,
    without: Sequence[str] = (),
    task: Task | None = None,
    positive: object = None,
    costs: Mapping[str, float] | None = None,
    shown: Sequence[views.Method] = ("pca",),
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Report]:
    """Return the reports on several models; what is true of the data is found once.

    Parameters
    ----------
    models : mapping of str to model
        By name; see `report` for these and `data`.
    champion : str, optional
        The name of the one that the others are compared with.
    features : sequence of str, optional
        What models read, where they do not say so themselves.
    split, id : str
        The column that names parts; a column that names rows, else their position does.
    without : sequence of str
        Columns that are no features.
    task : {"classification", "regression"}, optional
        By default what models and target look like.
    positive : object, optional
        Of two classes the one that curves and thresholds are about; by default the second.
    costs : mapping of str to float, optional
        Of a false positive (``fp``) and a false negative (``fn``); also ``tp`` and ``tn``.
    shown : sequence of {"pca", "tsne", "autoencoder"}
        Views of the rows; the last two take seconds.
    confidence : float
        Of the intervals.

    Raises
    ------
    InvalidParameter, NotFound, MissingExtra
        As `report`.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "reports need scikit-learn", hint="pip install 'clew[sklearn,pandas]'"
        ) from error
    if not 0 < confidence < 1:
        raise InvalidParameter("confidence", got=str(confidence), expected="between 0 and 1")
    parts = parts_of(data, target, split=split, id=id, without=without)
    if not any(part.labelled.any() for part in parts.values()):
        raise InvalidParameter("no row has a label", got=repr(target))
    asked = _Asked(parts, target, features, 1 - confidence, seed, tuple(shown))
    if champion is not None and champion not in models:
        raise NotFound("no such model", got=champion, expected=", ".join(models))
    old = None if champion is None else (models[champion], asked.answers(models[champion]))
    found = {}
    for name, model in models.items():
        answers = old[1] if old is not None and name == champion else asked.answers(model)
        before = None if name == champion or old is None else old[1]
        found[name] = asked.about(
            model, answers, before, name=name, task=task, positive=positive, costs=costs
        )
    return found


@dataclass(slots=True, eq=False)
class _Asked:
    """A dataset, and how it is looked at."""

    parts: dict[str, Part]
    target: str
    features: Sequence[str] | None
    alpha: float
    seed: int
    shown: tuple[views.Method, ...]
    split: find.Split | None = None
    planes: dict[views.Method, NDArray[np.float64]] = field(default_factory=dict)

    def about(
        self,
        model: Any,
        answers: dict[str, Answers],
        before: dict[str, Answers] | None,
        *,
        name: str,
        task: Task | None,
        positive: object,
        costs: Mapping[str, float] | None,
    ) -> Report:
        """Return the report on one model."""
        kind = task or task_of(model, list(self.parts.values()), list(answers.values()))
        judged = self._judged(kind, answers)
        main = next(one for one in ("test", "validation", *judged) if one in judged)
        positive_at = _positive(judged[main], positive) if kind == "classification" else None
        old = None if before is None else self._judged(kind, before, judged)
        scores, differences = scored(judged, old, positive_at, self.alpha, self.seed)
        document: dict[str, Any] = {
            "format": FORMAT,
            "model": name,
            "task": kind,
            "target": self.target,
            "confidence": 1 - self.alpha,
            "judged": main,
            "parts": [
                {"name": one, "rows": len(part.rows), "labelled": int(part.labelled.sum())}
                for one, part in self.parts.items()
            ],
            "scores": scores,
            "gaps": gaps(scores, kind, self.alpha),
            "champion": differences,
            **self._detail(kind, judged[main], self.parts[main], positive_at, costs),
        }
        if self.split is None:
            self.split = find.split_of(self.parts, main, self.target, self.seed)
        document |= find.found(self.split, self.parts, judged, main, self.seed)
        document["views"] = self._views(model, judged[main], self.parts[main])
        document["cost"] = self._cost(model, answers[main], self.parts[main])
        document["findings"] = find.summary(document)
        return Report(document)

    def answers(self, model: Any) -> dict[str, Answers]:
        """Return what a model says of each part."""
        return {name: answers_of(model, part, self.features) for name, part in self.parts.items()}

    def _judged(
        self, task: Task, answers: Mapping[str, Answers], like: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the labelled rows of each part that has some."""
        with_labels = {name: part for name, part in self.parts.items() if part.labelled.any()}
        if task == "regression":
            return {
                name: regression.judged(part, answers[name]) for name, part in with_labels.items()
            }
        classes = classification.classes_of(list(self.parts.values()), list(answers.values()))
        if like is not None:
            known = next(iter(like.values())).classes
            classes = (*known, *(one for one in classes if one not in known))
        return {
            name: classification.judged(part, answers[name], classes)
            for name, part in with_labels.items()
        }

    def _detail(
        self,
        task: Task,
        one: Any,
        part: Part,
        positive: int | None,
        costs: Mapping[str, float] | None,
    ) -> dict[str, Any]:
        """Return what is told of the part that the model is judged on."""
        if task == "regression":
            return {
                "moments": regression.moments(one, self.alpha),
                **regression.plots(one, part.ids, self.seed),
            }
        found: dict[str, Any] = {
            "confusion": classification.confusion(one, part.ids),
            "classes": classification.by_class(one, self.alpha, self.seed),
        }
        if one.chances is None:
            return found
        found["calibration"] = classification.calibration(one, positive, self.alpha)
        if positive is not None:
            price = {"fp": 1.0, "fn": 1.0} if costs is None else costs
            found["curves"] = classification.curves(one, positive)
            found["thresholds"] = classification.thresholds(one, positive, price, self.alpha)
        return found

    def _views(self, model: Any, one: Any, part: Part) -> list[dict[str, Any]]:
        drawn = np.random.default_rng(self.seed).permutation(len(one.rows))[: views.MOST_ROWS]
        if len(drawn) < 3:
            return []
        rows = one.rows[drawn]
        errors = find.errors_of(one)[drawn]
        ids = [part.ids[row] for row in rows]
        spaces: dict[str, NDArray[np.float64]] = {}
        chances = getattr(one, "chances", None)
        if chances is not None and chances.shape[1] > 2:
            spaces["predictions"] = np.asarray(chances[drawn])
        if not isinstance(model, Mapping):
            spaces |= views.layers(model, inputs_of(model, part.rows.iloc[rows], self.features))
        found = []
        for method in self.shown:
            if method not in self.planes:  # The inputs are the same, whoever the model is.
                inputs = views.encoded(part.rows.iloc[rows])
                self.planes[method] = views.plane(inputs, method, seed=self.seed)
            places = {"inputs": self.planes[method]} | {
                of: views.plane(X, method, seed=self.seed) for of, X in spaces.items()
            }
            found += [
                {"of": of, "method": method, "points": views.points(at, ids, errors)}
                for of, at in places.items()
            ]
        return found

    def _cost(self, model: Any, answers: Answers, part: Part) -> dict[str, Any]:
        return {
            "latency_ms": latency_ms(model, part, self.features),
            "rows_per_s": answers.rows_per_s,
        }


def task_of(model: Any, parts: Sequence[Part], answers: Sequence[Answers]) -> Task:
    """Return whether a model classifies or tells numbers."""
    if getattr(model, "_estimator_type", None) == "regressor":
        return "regression"
    if any(one.classes for one in answers) or hasattr(model, "classes_"):
        return "classification"
    values: list[NDArray[Any]] = [part.truth[part.labelled] for part in parts]
    values += [one.said for one in answers]
    if any(one.dtype.kind not in "iuf" for one in values):
        return "classification"
    distinct = np.unique(np.concatenate([one.astype(float) for one in values]))
    whole = bool((distinct == np.round(distinct)).all())
    return "classification" if whole and len(distinct) <= _FEW_VALUES else "regression"


def _positive(one: Any, asked: object) -> int | None:
    """Return which class curves are about; None where there are more than two."""
    from clew.debug.gates.rows import told

    if asked is not None:
        if told(asked) not in one.classes:
            raise NotFound("no such class", got=told(asked), expected=", ".join(one.classes))
        return int(one.classes.index(told(asked)))
    return 1 if len(one.classes) == 2 else None
