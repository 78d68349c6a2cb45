"""The forms in which a model can serve: plan and graph, graph alone, texts, the Python object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from clew.errors import InvalidParameter, Unhashable, UnsupportedValue
from clew.lineage.fingerprint import fingerprint
from clew.serve.encode import FramePlan, plan_of
from clew.serve.outputs import Answer, asked, frame_of
from clew.serve.ports import Exporter, Runner
from clew.serve.shared import SHARED
from clew.serve.signature import Columns, Signature
from clew.serve.text import TextPlan, text_plan_of

FormName = Literal["plan", "graph", "text", "python", "service"]


class Form(Protocol):
    """A model that is ready to score. May be called from several threads at once."""

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns, as a signature has checked them."""

    def score_matrix(self, matrix: Any) -> Answer:
        """Return the answer to rows of a matrix (n_rows, n_features)."""


@dataclass(frozen=True, slots=True)
class PlanForm:
    """Rows are encoded by a plan of array operations; the model is a graph on their matrix."""

    plan: FramePlan
    runner: Runner

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns."""
        return self.score_matrix(self.plan.encode(columns))

    def score_matrix(self, matrix: Any) -> Answer:
        """Return the answer to encoded rows."""
        return Answer.of(self.runner.run({"X": matrix}))


@dataclass(frozen=True, slots=True)
class GraphForm:
    """The whole pipeline is one graph with a typed input for each column (or one matrix)."""

    signature: Signature
    runner: Runner

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns."""
        feed = {}
        for column in self.signature.columns:
            values = columns[column.name]
            if column.kind == "text":
                texts = ["" if value is None else value for value in values]
                feed[column.name] = np.array(texts, dtype=object)[:, None]
            else:
                feed[column.name] = np.array(values, dtype=np.float64)[:, None]
        return Answer.of(self.runner.run(feed))

    def score_matrix(self, matrix: Any) -> Answer:
        """Return the answer to rows of a matrix."""
        return Answer.of(self.runner.run({"X": matrix}))


@dataclass(frozen=True, slots=True)
class TextForm:
    """A pipeline of texts as a plan; what equals a part of another model's is shared with it."""

    name: str
    plan: TextPlan

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with their one column."""
        return self.plan.score([self.plan.encode(text) for text in columns[self.name]])

    def score_matrix(self, matrix: Any) -> Answer:
        """Refuse: texts are no matrix."""
        raise InvalidParameter("this model reads texts", got="a matrix")


@dataclass(frozen=True, slots=True)
class PythonForm:
    """The model object itself.

    Parameters
    ----------
    by_probabilities : bool
        Its label is the class of the highest probability (it was compared), so that it need not
        be asked twice.
    """

    signature: Signature
    model: Any
    by_probabilities: bool

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns."""
        return self.score_matrix(frame_of(self.signature, columns))

    def score_matrix(self, matrix: Any) -> Answer:
        """Return the answer to rows of a matrix."""
        try:
            if not self.by_probabilities:
                return asked(self.model, matrix)
            probabilities = np.asarray(self.model.predict_proba(matrix))
        except (ValueError, TypeError) as error:
            raise InvalidParameter(
                "the model refuses these rows", got=str(error)[:300], expected="rows it can read"
            ) from error
        return Answer(self.model.classes_[np.argmax(probabilities, axis=1)], probabilities)


def exported(model: Any, signature: Signature, form: FormName, exporter: Exporter) -> bytes:
    """Return the graph of a model in one of the forms (empty for the Python object).

    Raises
    ------
    UnsupportedValue
        When it has none.
    """
    if form == "python":
        return b""
    if is_multi_output(model):
        raise UnsupportedValue("a classifier of several outputs has no exact export")
    if form == "text":
        return text_plan_of(model).to_bytes()
    if not signature.is_frame:
        return exporter.of_matrix(model, signature.n_features)
    if form == "graph":
        return exporter.of_frame(model, {c.name: c.kind for c in signature.columns})
    steps, last = _split(model)
    return exporter.of_matrix(last, plan_of(steps, _names(signature)).width)


def is_multi_output(model: Any) -> bool:
    """Tell whether a model is a classifier of several outputs, each with classes of its own."""
    classes = getattr(model, "classes_", None)
    # scikit-learn lists an array for each output; a multi-label model has one of 0, 1, …, and
    # probabilities of the labels, which do not add up to one.
    if isinstance(classes, list) and any(np.ndim(one) for one in classes):
        return True
    last = _split(model)[1]
    return bool(getattr(last, "multilabel_", False) or _is_multilabel(last))


def _is_multilabel(model: Any) -> bool:
    binarizer = getattr(model, "_label_binarizer", None) or getattr(model, "label_binarizer_", None)
    return str(getattr(binarizer, "y_type_", "")).startswith("multilabel")


def opened(
    model: Any, signature: Signature, form: FormName, graph: bytes, exporter: Exporter
) -> Form:
    """Return a form that is ready to score: a plan or a graph."""
    if form == "text":
        return TextForm(signature.columns[0].name, text_plan_of(model))
    runner = exporter.open(graph)
    if form == "graph" or not signature.is_frame:
        return GraphForm(signature, runner)
    return PlanForm(_plan(_split(model)[0], _names(signature)), runner)


def _plan(steps: list[Any], names: list[str]) -> FramePlan:
    """Return the plan of some transformers; models with equal ones have one plan between them."""
    try:
        key = fingerprint((steps, names)).hex()
    except Unhashable:
        return plan_of(steps, names)
    return SHARED.once(("plan", key), lambda _: plan_of(steps, names))


def candidates(signature: Signature) -> Sequence[FormName]:
    """Return the forms to try, the fastest first."""
    if signature.texts:
        return ("text", "python")
    return ("plan", "graph", "python") if signature.is_frame else ("graph", "python")


def _split(model: Any) -> tuple[list[Any], Any]:
    from sklearn.pipeline import Pipeline

    if type(model) is not Pipeline:
        return [], model
    steps = [step for _, step in model.steps if step not in ("passthrough", None)]
    return steps[:-1], steps[-1]


def _names(signature: Signature) -> list[str]:
    return [column.name for column in signature.columns]
