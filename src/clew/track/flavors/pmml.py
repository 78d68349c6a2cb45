"""PMML documents as models, read by sklearn-pmml-model."""

from __future__ import annotations

import tempfile
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, MissingExtra
from clew.track.flavors import Saved

FILE = "model.pmml"


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class PmmlModel:
    """A document with ``predict``, and ``predict_proba`` of a classifier; it reads frames.

    Parameters
    ----------
    document : str
        The XML.
    """

    document: str

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns that it reads."""
        fields = _estimator(self).fields
        target = _estimator(self).target_field
        named = None if target is None else target.get("name")
        return np.array([name for name in fields if name != named], dtype=object)

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, as the texts that the document has, or numbers where all of them are."""
        return _plain(np.asarray(_estimator(self).classes_))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label or value of each row."""
        return _plain(np.asarray(_estimator(self).predict(X)))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities (n_rows, n_classes)."""
        return np.asarray(_estimator(self).predict_proba(X), dtype=np.float64)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return labels as numbers where every one is a number: documents hold texts."""
    if values.dtype.kind not in "OU":
        return values
    try:
        numbers = values.astype(np.float64)
    except ValueError:
        return values
    whole = numbers.astype(np.int64)
    return whole if bool((whole == numbers).all()) else numbers


_estimators: weakref.WeakKeyDictionary[PmmlModel, Any] = weakref.WeakKeyDictionary()


def _estimator(model: PmmlModel) -> Any:
    found = _estimators.get(model)
    if found is None:
        try:
            from sklearn_pmml_model.auto_detect import (
                auto_detect_classifier,
                auto_detect_regressor,
            )
        except ImportError as error:
            raise MissingExtra(
                "reading PMML needs sklearn-pmml-model",
                got=str(error),
                hint="pip install 'clew[pmml]'",
            ) from error
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / FILE
            path.write_text(model.document, "utf-8")
            classifies = 'functionName="classification"' in model.document
            detect = auto_detect_classifier if classifies else auto_detect_regressor
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")  # the reader's, of impurities of pure leaves
                    found = detect(str(path))
            except Exception as error:  # the reader raises whatever comes up in it
                raise InvalidParameter(
                    "this PMML document cannot be read",
                    got=f"{type(error).__name__}: {error}"[:300],
                    expected="a model that sklearn-pmml-model knows",
                ) from error
        _estimators[model] = found
    return found


def accepts(model: Any) -> bool:
    """Tell whether it is a document."""
    return isinstance(model, PmmlModel)


def save(model: PmmlModel, folder: Path, example: Any = None) -> Saved:
    """Write the document."""
    (folder / FILE).write_text(model.document, "utf-8")
    return Saved({"clew.pmml": {"data": FILE}}, ("sklearn-pmml-model", "scikit-learn", "numpy"))


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> PmmlModel:
    """Read the document."""
    return PmmlModel((folder / FILE).read_text("utf-8"))
