"""scikit-learn: class, parameters and fitted state; looking at a model does not change it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
y = (X[:, 0] + rng.normal(size=120) * 0.3 > 0).astype(int)

MODELS = {
    "forest": lambda: RandomForestClassifier(5, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=3, random_state=0),
    "histograms": lambda: HistGradientBoostingClassifier(max_iter=3, random_state=0),
    "pipeline": lambda: make_pipeline(StandardScaler(), PCA(2), LogisticRegression()),
    "columns": lambda: ColumnTransformer(
        [("scale", StandardScaler(), [0, 1]), ("code", OneHotEncoder(), [2])]
    ),
    "neighbours": lambda: KNeighborsClassifier(algorithm="brute"),
    "kd_tree": lambda: KNeighborsClassifier(algorithm="kd_tree"),
    "ball_tree": lambda: KNeighborsClassifier(algorithm="ball_tree"),
    "svm": lambda: SVC(),
    "logistic": lambda: LogisticRegression(),
    "sgd": lambda: SGDClassifier(random_state=0),
    "network": lambda: MLPClassifier(4, max_iter=3, random_state=0),
    "bayes": lambda: GaussianNB(),
    "process": lambda: GaussianProcessClassifier(random_state=0),
    "function": lambda: FunctionTransformer(np.tanh),
    "vote": lambda: VotingClassifier([("a", GaussianNB()), ("b", SVC())]),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MODELS)
def test_fitting_twice_gives_one_id_and_looking_keeps_it(name):
    plain, model, again = MODELS[name](), MODELS[name]().fit(X, y), MODELS[name]().fit(X, y)
    own = fingerprint(model)
    assert own == fingerprint(again) != fingerprint(plain)
    assert fingerprint(clone(model)) == fingerprint(plain)
    assert fingerprint(copy.deepcopy(model)) == own
    assert fingerprint(pickle.loads(pickle.dumps(model))) == own
    method = getattr(model, "predict", None) or model.transform
    method(X), repr(model), model.get_params()
    assert fingerprint(model) == own
    if name != "function":
        assert fingerprint(MODELS[name]().fit(X[:-1], y[:-1])) != own


def test_every_model_has_its_own_id():
    assert len({fingerprint(make()) for make in MODELS.values()}) == len(MODELS)


def test_parameters_count_and_their_order_does_not():
    base = LogisticRegression(C=2.0)
    assert fingerprint(LogisticRegression().set_params(C=2.0)) == fingerprint(base)
    assert fingerprint(LogisticRegression(C=2)) != fingerprint(base)
    assert fingerprint(LogisticRegression(C=2.0, max_iter=99)) != fingerprint(base)
    turned = LogisticRegression()
    turned.__dict__ = dict(reversed(base.__dict__.items()))
    assert fingerprint(turned) == fingerprint(base)


def test_an_edited_fitted_attribute_counts():
    model = LogisticRegression().fit(X, y)
    before = fingerprint(model)
    model.coef_[0, 0] += 1e-12
    assert fingerprint(model) != before


def test_the_link_to_a_running_callback_does_not_count():
    model = LogisticRegression().fit(X, y)
    before = fingerprint(model)
    model._parent_callback_ctx = object()
    assert fingerprint(model) == before


def test_text_models_and_data_sets():
    texts = ["red clew", "blue clew", "red labyrinth"]
    model = TfidfVectorizer().fit(texts)
    assert fingerprint(model) == fingerprint(TfidfVectorizer().fit(texts))
    assert fingerprint(model) != fingerprint(TfidfVectorizer().fit(texts[:2]))
    iris = load_iris()
    assert fingerprint(iris) == fingerprint(pickle.loads(pickle.dumps(iris)))


def test_no_address_gets_into_an_id():
    model = CountVectorizer(stop_words=["red"])
    before = fingerprint(model)
    model.build_analyzer(), model.fit(["red clew"])
    fitted = fingerprint(model)
    model.transform(["a clew"])
    assert fingerprint(model) == fitted != before
    assert fingerprint(pickle.loads(pickle.dumps(model))) == fitted


def test_evaluating_a_spline_does_not_change_it():
    model = SplineTransformer().fit(X)
    before = fingerprint(model)
    model.transform(X)
    assert fingerprint(model) == before != fingerprint(SplineTransformer(4).fit(X))


def test_an_edited_class_of_ones_own_counts():
    def build(body):
        space = {"__name__": "m", "bases": (ClassifierMixin, BaseEstimator)}
        exec(
            "class Mine(*bases):\n"
            "    def __init__(self, c=1): self.c = c\n"
            f"    def predict(self, X): {body}\n",
            space,
        )
        return space["Mine"]()

    assert fingerprint(build("return 1")) != fingerprint(build("return 2"))
    assert fingerprint(build("return 1")) == fingerprint(build("return 1"))


def test_what_is_inside_is_named_in_the_error():
    model = make_pipeline(StandardScaler(), FunctionTransformer(kw_args={"x": (i for i in "a")}))
    with pytest.raises(Unhashable, match=r"at value\.steps\[1\]\[1\]\.kw_args\['x'\]"):
        fingerprint(model)
