"""torch networks: what they compute goes with them; a graph of it is exact or does not serve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import ClewError, InvalidParameter, UnsafeLoad, UnsupportedValue
from clew.registry import register
from clew.serve import Endpoint, compile_model
from clew.track import TorchModel, load_model

torch: Any = pytest.importorskip("torch", reason="networks of torch need the extra torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript", reason="networks of torch need the extra torch")

generator = np.random.default_rng(0)
X = pd.DataFrame(generator.normal(size=(300, 4)), columns=["a", "b", "c", "d"])


def network(n_outputs: int, *more: Any) -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.BatchNorm1d(8),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(8, n_outputs),
        *more,
    )


class Branching(torch.nn.Module):  # type: ignore[misc]
    """What it computes depends on what it reads, in a way that no program says."""

    def forward(self, x: Any) -> Any:
        return x[:, :1] if float(x.sum()) > 0 else x[:, 1:2]


@pytest.mark.parametrize(
    ("n_outputs", "classes"),
    [(1, ("no", "yes")), (2, ("no", "yes")), (3, (0, 1, 2)), (1, ()), (3, ())],
)
def test_a_network_serves_as_a_graph(n_outputs: int, classes: tuple[Any, ...]) -> None:
    module = network(n_outputs).eval()
    model = TorchModel.of(module, X, classes=classes)
    raw = module(torch.tensor(X.to_numpy(), dtype=torch.float32)).double().detach().numpy()
    compiled = compile_model(model, X)
    assert compiled.form == "plan"
    assert compiled.parity is not None
    assert compiled.parity.boundary_rows > 0
    answer = compiled.answer(X.to_dict("records"))
    assert (answer.predictions == model.predict(X)).mean() > 0.99 or not classes
    if not classes:
        expected = raw[:, 0] if n_outputs == 1 else raw
        assert np.allclose(answer.predictions, expected, atol=1e-5)
        return
    scores = np.hstack([np.zeros_like(raw), raw]) if n_outputs == 1 else raw
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(model.predict_proba(X), expected, atol=1e-9)
    assert np.allclose(answer.probabilities, expected, atol=1e-6)
    assert model.predict(X[:5]).tolist() == [classes[at] for at in expected[:5].argmax(axis=1)]


def test_it_computes_as_in_evaluation_and_leaves_the_module_as_it_was() -> None:
    module = network(1)
    model = TorchModel.of(module.train(), X)
    assert module.training
    assert (model.predict(X) == model.predict(X)).all()  # no dropout
    one_by_one = np.concatenate([model.predict(X[at : at + 1]) for at in range(20)])
    assert np.allclose(one_by_one, model.predict(X)[:20], atol=1e-6)


def test_a_logged_module_serves_without_its_code() -> None:
    module = network(1)
    with clew.run():
        logged = clew.log_model(module, "net", input_example=X)
    register(logged, "net", alias="champion")
    with pytest.raises(UnsafeLoad, match="can run code"):
        Endpoint("net@champion", X)
    endpoint = Endpoint("net@champion", X, trust=True)
    assert endpoint.compiled.form == "plan"
    row = X.iloc[0].to_dict()
    expected = module.eval()(torch.tensor([list(row.values())], dtype=torch.float32)).item()
    assert endpoint.predict_one(row) == pytest.approx(expected, abs=1e-5)
    # The state alone needs no trust.
    state = load_model(logged, into=network(1)).state_dict()
    assert all(torch.equal(state[name], value) for name, value in module.state_dict().items())


def test_a_classifier_comes_back_with_its_classes() -> None:
    model = TorchModel.of(network(2), X, classes=np.array(["no", "yes"]))
    with clew.run():
        logged = clew.log_model(model, "net", input_example=X)
    back = load_model(logged, trust=True)
    assert back.classes_.tolist() == ["no", "yes"]
    assert (back.predict(X) == model.predict(X)).all()


def test_what_no_program_says_is_refused() -> None:
    with pytest.raises(UnsupportedValue, match="cannot say"):
        TorchModel.of(Branching(), X)
    with pytest.raises(UnsupportedValue, match="something else"):
        TorchModel.of(network(3), X, classes=[0, 1])
    with pytest.raises(InvalidParameter):
        TorchModel.of(network(1), X["a"].to_numpy())
    with clew.run():
        logged = clew.log_model(Branching(), "odd", input_example=X)
    with pytest.raises(InvalidParameter, match="no program of it"):
        load_model(logged, trust=True)


def test_an_answer_that_is_no_number_is_an_error_in_every_form() -> None:
    model = TorchModel.of(network(1), X)
    holed = X.to_dict("records")[0] | {"a": float("nan")}
    for form in ("plan", "python"):
        compiled = compile_model(model, X, forms=[form])
        with pytest.raises(ClewError):
            compiled.answer([holed])
