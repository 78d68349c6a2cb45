"""From a fitted model to an ONNX graph.

`of_matrix` takes a model that reads a matrix of numbers; `of_frame` a whole pipeline that reads
named columns. Tree ensembles and linear models are written by this package, in double precision;
the rest by skl2onnx, with scalers as divisions: by default it multiplies by 1/σ in single
precision, which flips rows at a split. Whether a graph may stand in for its model is not decided
here: see `clew.serve.parity`.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from clew.adapters.formats.onnx import boosters, boosting, forests, linear, networks
from clew.adapters.formats.onnx.graph import (
    IR_VERSION,
    OPSET,
    TREE_DOMAIN,
    TREE_OPSET,
    Graph,
    Outputs,
    OwnGraph,
)
from clew.adapters.formats.onnx.session import FINITE
from clew.errors import MissingExtra, UnsupportedValue
from clew.track.flavors.torch import TorchModel

Emitter = Callable[[Any, Graph, str], Outputs]

INPUT = "X"
LABEL, PROBABILITIES, VALUE = "label", "probabilities", "value"

_FORESTS = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")
_REGRESSORS = (
    "LinearRegression",
    "Ridge",
    "RidgeCV",
    "Lasso",
    "LassoCV",
    "ElasticNet",
    "SGDRegressor",
)
_CLASSIFIERS = ("RidgeClassifier", "LinearSVC", "Perceptron", "PassiveAggressiveClassifier")
_EMITTERS: Mapping[str, Emitter] = {
    **{f"sklearn.{name}Classifier": forests.classifier for name in _FORESTS},
    **{f"sklearn.{name}Regressor": forests.regressor for name in _FORESTS},
    **{f"sklearn.{name}": linear.regressor for name in _REGRESSORS},
    **{f"sklearn.{name}": linear.classifier for name in _CLASSIFIERS},
    "sklearn.LogisticRegression": linear.logistic,
    "sklearn.LogisticRegressionCV": linear.logistic,
    "sklearn.GradientBoostingClassifier": boosting.gradient_classifier,
    "sklearn.GradientBoostingRegressor": boosting.gradient_regressor,
    "sklearn.HistGradientBoostingClassifier": boosting.histogram_classifier,
    "sklearn.HistGradientBoostingRegressor": boosting.histogram_regressor,
    "xgboost.XGBClassifier": boosters.xgboost_classifier,
    "xgboost.XGBRegressor": boosters.xgboost_regressor,
    "lightgbm.LGBMClassifier": boosters.lightgbm_classifier,
    "lightgbm.LGBMRegressor": boosters.lightgbm_regressor,
}
_OWN_DOMAIN = "clew.trees"
"""Where our nodes stand while skl2onnx works: it refuses the domain's version that has them."""


def of_matrix(model: Any, n_features: int) -> bytes:
    """Return the graph of a model that reads (n_rows, n_features) doubles called ``X``.

    Raises
    ------
    UnsupportedValue
        When there is no export for this model.
    MissingExtra
        When ONNX is not installed.
    """
    _require()
    if isinstance(model, TorchModel):
        return _network(model, n_features)
    emitter = _emitter(model)
    if emitter is not None:
        return _own(model, emitter, n_features)
    from skl2onnx.common.data_types import DoubleTensorType

    return _convert(model, [(INPUT, DoubleTensorType([None, n_features]))])


def of_frame(model: Any, columns: Mapping[str, str]) -> bytes:
    """Return the graph of a pipeline that reads named columns, each (n_rows, 1).

    Parameters
    ----------
    columns : mapping of str to str
        The kind of each column in order: ``"text"``, or a kind of number (read as doubles).
    """
    _require()
    from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
    from sklearn.pipeline import Pipeline

    if "text" not in columns.values() and not _chooses_columns(model):
        return _beside(of_matrix(model, len(columns)), list(columns))
    kinds = {"text": StringTensorType}
    inputs = [
        (name, kinds.get(kind, DoubleTensorType)([None, 1])) for name, kind in columns.items()
    ]
    emitter = _emitter(model.steps[-1][1]) if type(model) is Pipeline else None
    if emitter is None or len(model.steps) < 2:
        return _convert(model, inputs)
    return _joined(_converted(model[:-1], inputs), model.steps[-1][1], emitter)


def _chooses_columns(model: Any) -> bool:
    """Tell whether a model reads columns by name: then each is an input of its own."""
    from sklearn.compose import ColumnTransformer

    return any(isinstance(part, ColumnTransformer) for part in _parts(model))


def _beside(matrix: bytes, names: list[str]) -> bytes:
    """Return the graph of a matrix with an input for each of its columns."""
    import onnx
    from onnx import TensorProto, helper

    if INPUT in names:
        raise UnsupportedValue("a column is called as the matrix within the graph", got=INPUT)
    made = onnx.load_from_string(matrix)
    inputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1]) for name in names]
    del made.graph.input[:]
    made.graph.input.extend(inputs)
    made.graph.node.insert(0, helper.make_node("Concat", names, [INPUT], axis=1))
    return bytes(made.SerializeToString())


def _emitter(model: Any) -> Emitter | None:
    """Return what writes a model of exactly this class: a subclass may predict otherwise."""
    kind = type(model)
    return _EMITTERS.get(f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}")


def _own(model: Any, emitter: Emitter, n_features: int) -> bytes:
    from onnx import TensorProto, helper

    graph = OwnGraph()
    declared = _written(model, emitter, graph, INPUT)
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [None, n_features])]
    body = helper.make_graph(graph.nodes, "clew", inputs, declared, graph.constants)
    made = helper.make_model(body, opset_imports=_domains({}), ir_version=IR_VERSION)
    return bytes(made.SerializeToString())


def _network(model: TorchModel, n_features: int) -> bytes:
    from onnx import TensorProto, helper

    made = networks.written(model)
    graph = OwnGraph("clew.")
    declared = _written(
        model, lambda model, graph, x: networks.around(made, model, graph, x), graph, INPUT
    )
    made.graph.node.extend(graph.nodes)
    made.graph.initializer.extend(graph.constants)
    del made.graph.input[:], made.graph.output[:]
    x = helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [None, n_features])
    made.graph.input.append(x)
    made.graph.output.extend(declared)
    helper.set_model_props(made, {FINITE: "1"})
    return bytes(made.SerializeToString())


def _joined(made: Any, model: Any, emitter: Emitter) -> bytes:
    """Continue the graph of a pipeline's transformers with its model."""
    graph = OwnGraph()
    x = graph.node("Cast", made.graph.output[0].name, to=11)  # 11: double
    declared = _written(model, emitter, graph, x)
    made.graph.node.extend(graph.nodes)
    made.graph.initializer.extend(graph.constants)
    del made.graph.output[:]
    made.graph.output.extend(declared)
    versions = {item.domain: item.version for item in made.opset_import}
    del made.opset_import[:]
    made.opset_import.extend(_domains(versions))
    made.ir_version = IR_VERSION
    return bytes(made.SerializeToString())


def _written(model: Any, emitter: Emitter, graph: OwnGraph, x: str) -> list[Any]:
    """Add a model to a graph; return the declarations of its outputs."""
    from onnx import TensorProto, helper

    declared = []
    for name, source in _named(emitter(model, graph, x)):
        kind: int = TensorProto.DOUBLE
        shape: list[int | None] = [None, None]
        if name == LABEL:
            kind, shape = _label_type(model), [None]
        graph.nodes.append(helper.make_node("Identity", [source], [name]))
        declared.append(helper.make_tensor_value_info(name, kind, shape))
    return declared


def _domains(versions: Mapping[str, int]) -> list[Any]:
    from onnx import helper

    wanted = {**versions, "": OPSET, TREE_DOMAIN: TREE_OPSET}
    return [helper.make_opsetid(*item) for item in wanted.items()]


def _named(outputs: Outputs) -> list[tuple[str, str]]:
    pairs = (
        (LABEL, outputs.label),
        (PROBABILITIES, outputs.probabilities),
        (VALUE, outputs.value),
    )
    return [(name, source) for name, source in pairs if source is not None]


def _label_type(model: Any) -> int:
    from onnx import TensorProto

    kinds = {"O": TensorProto.STRING, "U": TensorProto.STRING, "b": TensorProto.BOOL}
    kinds["f"] = TensorProto.DOUBLE
    return int(kinds.get(model.classes_.dtype.kind, TensorProto.INT64))


def _convert(model: Any, inputs: list[tuple[str, Any]]) -> bytes:
    return _finished(_converted(model, inputs), model)


def _converted(model: Any, inputs: list[tuple[str, Any]]) -> Any:
    """Return skl2onnx's graph, with the tree ensembles in it written by this package."""
    from skl2onnx import convert_sklearn

    if type(model).__name__ == "VotingClassifier":
        # How its `transform` is laid out is nothing to a prediction, yet the converter asks.
        model = copy.copy(model)
        model.flatten_transform = False
    parts = _parts(model)
    own = {type(part) for part in parts if _is_nested_tree(part)}
    options: dict[Any, Any] = {
        id(part): {"div": "div"} for part in parts if type(part).__name__ == "StandardScaler"
    }
    if hasattr(model, "classes_"):
        options[id(model)] = {"zipmap": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return convert_sklearn(
                model,
                initial_types=inputs,
                options=options,
                target_opset={"": OPSET, TREE_DOMAIN: 3},
                custom_conversion_functions=dict.fromkeys(own, _conversion),
                custom_shape_calculators=dict.fromkeys(own, _shapes),
            )
    except UnsupportedValue:
        raise
    except Exception as error:  # the converters raise whatever comes up in them
        raise UnsupportedValue(
            f"{type(model).__name__} cannot be converted to ONNX", got=str(error)[:400]
        ) from error


def _is_nested_tree(part: Any) -> bool:
    emitter = _emitter(part)
    return emitter is not None and emitter.__module__ in (forests.__name__, boosting.__name__)


def _parts(model: Any) -> list[Any]:
    """Return a model and all fitted estimators in it."""
    found: list[Any] = []
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if any(part is known for known in found):
            continue
        found.append(part)
        for name in ("steps", "transformers_", "transformer_list", "estimators"):
            members = getattr(part, name, None)
            if isinstance(members, list):
                waiting += [m[1] for m in members if isinstance(m, tuple) and hasattr(m[1], "fit")]
    return found


class _Within:
    """skl2onnx's container as a `Graph`."""

    def __init__(self, scope: Any, container: Any) -> None:
        self._scope, self._container = scope, container

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = self._scope.get_unique_variable_name(operator.lower())
        self._container.add_node(
            operator,
            list(inputs),
            [name],
            name=self._scope.get_unique_operator_name(operator),
            op_domain=_OWN_DOMAIN if domain == TREE_DOMAIN else domain,
            op_version=1 if domain == TREE_DOMAIN else _SINCE.get(operator, OPSET),
            **attributes,
        )
        return str(name)

    def constant(self, values: Any) -> str:
        from onnx import numpy_helper

        from clew.adapters.formats.onnx.graph import plain

        name = self._scope.get_unique_variable_name("constant")
        self._container.initializers.append(numpy_helper.from_array(plain(values), name))
        return str(name)


_SINCE = {
    "Add": 14, "ArgMax": 13, "Cast": 19, "Concat": 13, "Div": 14, "Exp": 13, "Gather": 13,
    "Greater": 13, "GreaterOrEqual": 16, "MatMul": 13, "Mul": 14, "Reshape": 19, "Sigmoid": 13,
    "Softmax": 13, "Sub": 14,
}  # fmt: skip
"""The version of the standard operators at which each last changed up to `OPSET`."""


def _conversion(scope: Any, operator: Any, container: Any) -> None:
    model, graph = operator.raw_operator, _Within(scope, container)
    emitter = _emitter(model)
    assert emitter is not None
    x = graph.node("Cast", operator.inputs[0].full_name, to=11)
    outputs = emitter(model, graph, x)
    sources = [source for _, source in _named(outputs)]
    for variable, source in zip(operator.outputs, sources, strict=False):
        container.add_node(
            "Identity",
            [source],
            [variable.full_name],
            name=scope.get_unique_operator_name("Identity"),
            op_version=19,
        )


def _shapes(operator: Any) -> None:
    from skl2onnx.common import data_types as types

    model = operator.raw_operator
    if not hasattr(model, "classes_"):
        operator.outputs[0].type = types.DoubleTensorType([None, None])
        return
    kinds = {"O": types.StringTensorType, "U": types.StringTensorType}
    kinds |= {"b": types.BooleanTensorType, "f": types.DoubleTensorType}
    label = kinds.get(model.classes_.dtype.kind, types.Int64TensorType)
    operator.outputs[0].type = label([None])
    if len(operator.outputs) > 1:
        operator.outputs[1].type = types.DoubleTensorType([None, len(model.classes_)])


def _finished(made: Any, model: Any) -> bytes:
    """Give a converted graph its final domains and clew's names of outputs."""
    from onnx import helper

    own = False
    for node in made.graph.node:
        if node.domain == _OWN_DOMAIN:
            node.domain, own = TREE_DOMAIN, True
    versions = {item.domain: item.version for item in made.opset_import}
    versions.pop(_OWN_DOMAIN, None)
    versions[""] = OPSET
    if own:
        versions[TREE_DOMAIN] = TREE_OPSET
    del made.opset_import[:]
    made.opset_import.extend(helper.make_opsetid(*item) for item in versions.items())
    made.ir_version = IR_VERSION
    kept = [LABEL, PROBABILITIES] if hasattr(model, "classes_") else [VALUE]
    if not hasattr(model, "predict_proba"):
        kept = kept[:1]  # a classifier's scores are not probabilities
    outputs = list(made.graph.output)[: len(kept)]
    del made.graph.output[:]
    for output, name in zip(outputs, kept, strict=True):
        if output.name != name:
            made.graph.node.append(helper.make_node("Identity", [output.name], [name]))
            output.name = name
        made.graph.output.append(output)
    return bytes(made.SerializeToString())


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "exporting a model needs ONNX", got=str(error), hint="pip install 'clew[onnx]'"
        ) from error
