"""A graph that is a model already, with the inputs and outputs that are asked of an export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.errors import UnsupportedValue
from clew.track.flavors.onnx import OnnxModel

_DOUBLE, _STRING = 11, 8
_OUTPUTS = {
    "label": "label",
    "output_label": "label",
    "probabilities": "probabilities",
    "output_probability": "probabilities",
}
_LISTED = "sequence_type"


def adopted(model: OnnxModel, inputs: Mapping[str, str]) -> bytes:
    """Return the graph with doubles and texts as inputs, and clew's names of its outputs.

    Parameters
    ----------
    inputs : mapping
        By name ``"text"`` or anything else, numbers; ``{"X": …}`` for a matrix, whatever the graph
        calls it.

    Raises
    ------
    UnsupportedValue
        When it reads something else, or gives probabilities as mappings.
    """
    import onnx

    proto = onnx.load_from_string(model.graph)
    graph = proto.graph
    if not hasattr(model, "classes_") and any(o.name in _OUTPUTS for o in graph.output):
        raise UnsupportedValue("this graph does not name its classes")
    held = {item.name for item in graph.initializer}
    given = [item for item in graph.input if item.name not in held]
    names = [item.name for item in given]
    if list(inputs) == ["X"] and len(names) == 1:
        wanted = {names[0]: "X"}
    elif set(names) == set(inputs):
        wanted = {name: name for name in names}
    else:
        raise UnsupportedValue(
            "this graph reads something else", got=", ".join(names[:8]), expected=", ".join(inputs)
        )
    nodes = []
    for item in given:
        nodes += _typed(onnx, graph, item, wanted[item.name], inputs[wanted[item.name]] == "text")
    nodes += graph.node
    nodes += _named(onnx, graph)
    del graph.node[:]
    graph.node.extend(nodes)
    return bytes(proto.SerializeToString())


def _typed(onnx: Any, graph: Any, item: Any, name: str, text: bool) -> list[Any]:
    """Make an input a double (or leave a text), and return what converts it."""
    kind = item.type.tensor_type.elem_type
    if text or kind == _STRING:
        if kind != _STRING or not text:
            raise UnsupportedValue("a graph's input of another kind", got=item.name)
        return []
    if kind == _DOUBLE and item.name == name:
        return []
    inner = f"{item.name}__as_graph"
    for node in graph.node:
        node.input[:] = [inner if used == item.name else used for used in node.input]
    item.type.tensor_type.elem_type = _DOUBLE
    item.name = name
    return [onnx.helper.make_node("Cast", [name], [inner], to=kind)]


def _named(onnx: Any, graph: Any) -> list[Any]:
    """Give outputs the names of an export, and return what copies them there."""
    if any(item.type.WhichOneof("value") == _LISTED for item in graph.output):
        raise UnsupportedValue("a graph that gives a mapping for each row", got="probabilities")
    names = {item.name: _OUTPUTS.get(item.name) for item in graph.output}
    if len(names) == 1 and None in names.values():
        names = dict.fromkeys(names, "value")
    copies = []
    for item in list(graph.output):
        name = names[item.name]
        if name is None:
            graph.output.remove(item)
        elif name != item.name:
            copies.append(onnx.helper.make_node("Identity", [item.name], [name]))
            item.name = name
    return copies
