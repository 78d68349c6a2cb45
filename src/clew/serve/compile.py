"""Compile a model: the fastest form that is proven equal to it, or the model itself.

Every export is compared with the model on held rows and on rows at its decision boundary before
it may serve; the comparison is part of the node that records it. A form that fails never serves,
and the result says why it was left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from clew.errors import ClewError, InvalidParameter, MissingExtra, UnsupportedValue, WrongType
from clew.serve.forms import (
    Form,
    FormName,
    PythonForm,
    candidates,
    exported,
    is_multi_output,
    opened,
)
from clew.serve.outputs import Answer, asked, joined
from clew.serve.parity import Parity, compare
from clew.serve.ports import Exporter, outside
from clew.serve.probe import Probed, probed
from clew.serve.record import Verdict, known, remember
from clew.serve.reference import Reference, reference_of
from clew.serve.signature import Columns, Signature

TOLERANCE = 1e-6
_TOO_FEW = "not tried: a few example rows prove nothing; fit under clew.autolog(), or give a sample"
_ANSWERS_REFUSED = "answers a text that the model refuses"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form that was tried.

    Parameters
    ----------
    parity : Parity or None
        None: it was never exported.
    reason : str
        Why it serves, or why not.
    """

    form: FormName
    parity: Parity | None
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model that is ready to serve.

    Parameters
    ----------
    form : {"plan", "graph", "text", "python", "service"}
        What serves: a plan of array operations before an ONNX graph; one ONNX graph; a plan of
        texts; the Python object; or a service around models.
    attempts : tuple of Attempt
        What was tried, the last of which serves.
    graph : bytes
        The ONNX graph that serves (of the model alone, behind a plan), or what a plan of texts is
        made of; empty for ``"python"``.
    classes : tuple
        What the columns of the probabilities stand for; empty for a regressor.
    node : str or None
        Id of the node that records the export and its comparison.
    example : object
        The prediction for the sample's first row, as a plain value; a list for several outputs.
    ready : Form
        What scores.
    """

    signature: Signature
    form: FormName
    attempts: tuple[Attempt, ...]
    graph: bytes
    classes: tuple[Any, ...]
    node: str | None
    example: Any
    ready: Form

    @property
    def parity(self) -> Parity | None:
        """The comparison of what serves; None for the Python object, which is the model."""
        return self.attempts[-1].parity

    @property
    def reason(self) -> str:
        """Why this form serves and no faster one."""
        return "; ".join(f"{a.form}: {a.reason}" for a in self.attempts)

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns, as the signature has checked them."""
        return self.ready.score(columns)

    def answer(self, rows: Any) -> Answer:
        """Return the answer to rows: mappings for a frame's model, else (n_rows, n_features).

        Raises
        ------
        InvalidParameter, WrongType
            When the rows are not what the model reads; names the row, the column and what is
            expected.
        """
        if self.signature.is_frame:
            return self.score(self.columns_of(rows))
        return self.ready.score_matrix(self.signature.matrix_of(rows))

    def columns_of(self, rows: Any) -> Columns:
        """Return rows of a frame's model (or texts of a text's) as checked columns."""
        return self.signature.columns_of(_mappings(self.signature, rows))


def compile_model(
    model: Any,
    sample: Any,
    *,
    tolerance: float = TOLERANCE,
    forms: Sequence[FormName] | None = None,
    using: Exporter | None = None,
    few_rows: bool = False,
) -> Compiled:
    """Make a fitted model ready to serve, in the fastest form that is equal to it.

    Parameters
    ----------
    model : estimator
        Fitted; a scikit-learn pipeline, a torch module (a regressor; see `clew.track.TorchModel`),
        or any model with ``predict``.
    sample : frame, (n_rows, n_features) array, or sequence of str
        Rows as the model was fitted on, without the target; up to 20,000 of them are compared, and
        rows at the decision boundary are made from them.
    tolerance : float, default 1e-6
        Largest difference of a probability (or relative difference of a value) that counts as
        equal. A label may differ only where the model's own two best classes are this close.
    forms : sequence of {"plan", "graph", "text", "python"}, optional
        The forms to try, in order. By default all, the fastest first.
    using : Exporter, optional
        By default ONNX.
    few_rows : bool, default False
        The sample is an example of a few rows, on which nothing can be proven: the Python object
        serves.

    Returns
    -------
    Compiled
        Its `reason` says for every form that was tried why it serves or does not.

    Raises
    ------
    WrongType
        When the sample is no rows of features.
    UnsupportedValue
        When what the model predicts is not one answer for each row, or rows given as values do not
        make the frame that it was fitted on.
    InvalidParameter
        When the sample is empty, or none of the `forms` is equal to the model.
    """
    if not len(sample):
        raise InvalidParameter("a sample without rows proves nothing", expected="some rows")
    signature = Signature.of(sample)
    sample = [str(text) for text in sample] if signature.texts else sample
    model = outside().as_model(model, sample)
    if not hasattr(model, "predict"):
        raise WrongType("this is no model", got=type(model).__name__, expected="predict(rows)")
    example = asked(model, sample[:1]).predictions.tolist()[0]
    # Many small batches: a model's own threads would wait for one another.
    with threadpool_limits(1):
        asking = probed(model, sample, signature)
    signature = asking.signature
    trial = _Trial(model, sample, asking, signature, tolerance, using or outside().exporter())
    attempts: list[Attempt] = []
    if few_rows:
        attempts = [Attempt(form, None, _TOO_FEW) for form in candidates(signature)[:-1]]
        forms = ("python",)
    for form in forms or candidates(signature):
        verdict, ready = trial.of(form)
        attempts.append(Attempt(form, verdict.parity, verdict.reason))
        if ready is not None:
            kept = tuple(attempts)
            classes = () if is_multi_output(model) else _classes(model)
            node = verdict.node
            return Compiled(signature, form, kept, verdict.graph, classes, node, example, ready)
    raise InvalidParameter(
        "no form is equal to the model",
        got="; ".join(f"{a.form}: {a.reason}" for a in attempts),
        hint='leave "python" among the forms, or declare a larger tolerance',
    )


@dataclass(slots=True)
class _Trial:
    """What every form of a model is measured against; the rows are made when first needed."""

    model: Any
    sample: Any
    asking: Probed
    signature: Signature
    tolerance: float
    exporter: Exporter
    _rows: Reference | None = None

    def of(self, form: FormName) -> tuple[Verdict, Form | None]:
        """Export, compare and record one form; return what came of it."""
        if form == "python":
            return self._python()
        call, verdict = known(self.model, self.sample, form, self.tolerance, self.exporter)
        if verdict is not None:
            passed = verdict.parity is not None and verdict.parity.passed
            return verdict, self._opened(form, verdict.graph) if passed else None
        try:
            graph = exported(self.model, self.signature, form, self.exporter)
            ready = self._opened(form, graph)
            reference = self.reference()
            given = joined([_ran(ready, self.signature, rows) for rows in reference.parts])
        except MissingExtra as error:
            return Verdict(b"", None, f"{error.message}; {error.hint}", None), None
        except ClewError as error:
            return remember(call, Verdict(b"", None, _sentence(error), None)), None
        parity = self._compared(reference, given)
        if parity.passed and self._answers_refused(ready):
            return remember(call, Verdict(b"", None, _ANSWERS_REFUSED, None)), None
        verdict = remember(call, Verdict(graph, parity, parity.text, None))
        return verdict, ready if parity.passed else None

    def reference(self) -> Reference:
        """Return the rows, and what the model says of them."""
        if self._rows is None:
            with threadpool_limits(1):
                self._rows = reference_of(self.model, self.sample, self.asking.taken)
        return self._rows

    def _compared(self, reference: Reference, given: Answer) -> Parity:
        edge = reference.boundary_rows
        return compare(reference.answer, given, boundary_rows=edge, tolerance=self.tolerance)

    def _answers_refused(self, form: Form) -> bool:
        """Tell whether a form has an answer where the model has none."""
        for row in self.asking.refused:
            try:
                _score(form, self.signature, row)
            except Exception:  # it refuses as well, with whatever it refuses
                continue
            return True
        return False

    def _opened(self, form: FormName, graph: bytes) -> Form:
        return opened(self.model, self.signature, form, graph, self.exporter)

    def _python(self) -> tuple[Verdict, Form]:
        """Return the model itself, once rows given as values are seen to reach it unchanged."""
        reference = self.reference()
        expected = reference.answer
        by_probabilities = expected.probabilities is not None and bool(
            np.array_equal(
                self.model.classes_[np.argmax(expected.probabilities, axis=1)],
                np.asarray(expected.labels),
            )
        )
        form = PythonForm(self.signature, self.model, by_probabilities)
        with threadpool_limits(1):
            given = joined([_ran(form, self.signature, rows) for rows in reference.parts])
        parity = self._compared(reference, given)
        if not parity.passed:
            raise UnsupportedValue(
                "rows given as values do not make the frame that the model was fitted on",
                got=parity.text,
                expected="the same answers as for the sample itself",
            )
        return Verdict(b"", None, "the model itself, as a Python object", None), form


def _classes(model: Any) -> tuple[Any, ...]:
    return tuple(np.asarray(getattr(model, "classes_", ())).tolist())


def _score(form: Form, signature: Signature, rows: Any) -> Answer:
    if not signature.is_frame:
        return form.score_matrix(signature.matrix_of(rows))
    return form.score(signature.columns_of(_mappings(signature, rows)))


def _ran(form: Form, signature: Signature, rows: Any) -> Answer:
    try:
        return _score(form, signature, rows)
    except ClewError:
        raise
    except Exception as error:  # a graph's runtime raises whatever comes up in it
        raise UnsupportedValue("the graph does not run", got=str(error)[:200]) from error


def _mappings(signature: Signature, rows: Any) -> Any:
    if signature.texts and all(isinstance(row, str) for row in rows):
        return [{signature.columns[0].name: text} for text in rows]
    return rows.to_dict("records") if hasattr(rows, "to_dict") else rows


def _sentence(error: ClewError) -> str:
    return error.message if error.got is None else f"{error.message} ({error.got})"
