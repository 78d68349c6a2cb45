"""Occlusion: what is recomputed in part equals what is computed whole, whatever the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clew.debug.occlusion import network_of, occlude, saliency
from clew.errors import InvalidParameter, WrongType

torch = pytest.importorskip("torch")
nn = torch.nn


class Block(nn.Module):
    """Two ways that are added, and joined with a third."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.two = nn.Conv2d(channels, channels, 5, padding=4, dilation=2, groups=channels)
        self.third = nn.Conv2d(channels, 3, 1)

    def forward(self, x: Any) -> Any:
        found = torch.relu(self.norm(self.one(x))) + x
        return torch.cat([self.two(found), self.third(x) * 2], dim=1)


def strided() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=2, padding=2),
        nn.LeakyReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Conv2d(4, 6, (3, 1), padding=(1, 0)),
        nn.AvgPool2d(2, stride=1, padding=1),
        nn.Flatten(),
        nn.LazyLinear(5),
    )


def branched() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        Block(4),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(7, 5),
    )


def ready(network: Any, image: Any) -> Any:
    network(image[None])
    return network.eval()


@pytest.fixture
def image() -> Any:
    torch.manual_seed(0)
    return torch.randn(3, 32, 28)


@pytest.mark.parametrize("make", [strided, branched])
@pytest.mark.parametrize(("patch", "stride"), [(5, 3), (8, 8), (1, 7), (28, 1)])
def test_in_part_equals_whole(make, image, patch: int, stride: int) -> None:
    network = ready(make(), image)
    naive = occlude(network, image, patch=patch, stride=stride, method="naive", label=2)
    exact = occlude(network, image, patch=patch, stride=stride, method="exact", label=2)
    assert naive.scores.shape == ((32 - patch) // stride + 1, (28 - patch) // stride + 1)
    np.testing.assert_allclose(exact.scores, naive.scores, rtol=1e-5, atol=1e-6)
    assert exact.drop[0, 0] == exact.score - exact.scores[0, 0]
    hidden = image.clone()
    hidden[:, :patch, :patch] = 0
    said = float(network(hidden[None])[0, 2].detach())
    assert naive.scores[0, 0] == pytest.approx(said, rel=1e-4, abs=1e-6)


def test_it_chooses_by_the_bound(image) -> None:
    network = ready(branched(), image)
    small = occlude(network, image, patch=2, stride=8)
    large = occlude(network, image, patch=26, stride=2)
    assert (small.method, large.method) == ("exact", "naive")
    assert small.bound > 5 > large.bound


def test_an_approximation_states_its_error() -> None:
    torch.manual_seed(0)
    network = ready(branched(), torch.zeros(3, 48, 48))
    picture = torch.zeros(3, 48, 48)
    picture[:, 8:24, 12:30] = 1
    exact = occlude(network, picture, patch=6, stride=2, method="exact")
    near = occlude(network, picture, patch=6, stride=2, method="approximate", field=0.5)
    assert near.error is not None
    assert near.error < 0.5
    assert exact.error is None
    assert np.corrcoef(near.scores.ravel(), exact.scores.ravel())[0, 1] > 0.9
    best = np.unravel_index(near.drop.argmax(), near.drop.shape)
    assert exact.drop[best] > 0.8 * exact.drop.max()


def test_an_onnx_graph_is_followed(image, tmp_path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, random = onnx.helper, np.random.default_rng(0)

    def weight(name: str, *shape: int) -> Any:
        values = random.normal(size=shape).astype(np.float32)
        return onnx.numpy_helper.from_array(values, name)

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Mul", ["b", "scale"], ["c"]),
        helper.make_node("Add", ["c", "a"], ["d"]),
        helper.make_node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["e"], ["f"]),
        helper.make_node("Flatten", ["f"], ["g"]),
        helper.make_node("Gemm", ["g", "u"], ["y"], transB=1),
    ]
    weights = [weight("w", 4, 3, 3, 3), weight("scale", 1, 4, 1, 1), weight("u", 5, 4)]
    shapes = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
        for name, size in (("x", [1, 3, 32, 28]), ("y", [1, 5]))
    ]
    graph = helper.make_graph(nodes, "g", shapes[:1], shapes[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")
    naive = occlude(tmp_path / "net.onnx", image, patch=6, stride=4, method="naive")
    exact = occlude(model, image.numpy(), patch=6, stride=4, method="exact")
    np.testing.assert_allclose(exact.scores, naive.scores, rtol=1e-5, atol=1e-6)
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(model.SerializeToString())
    said = session.run(None, {"x": image[None].numpy()})[0]
    np.testing.assert_allclose(network_of(model).run(image[None]).numpy(), said, rtol=1e-4)
    graph.node[1].op_type = "NonZero"
    with pytest.raises(WrongType, match="NonZero"):
        network_of(helper.make_model(graph))


def test_saliency_is_the_slope(image) -> None:
    network = ready(strided(), image).double()
    known = network_of(network.float())
    slope = saliency(known, image, label=1)
    step = torch.zeros_like(image)
    step[1, 10, 11] = 1e-2
    with torch.no_grad():
        ends = [float(network(one[None])[0, 1]) for one in (image + step, image - step)]
    assert slope[1, 10, 11] == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=1e-2, abs=1e-4)
    taylor = saliency(network, image, label=1, kind="taylor")
    np.testing.assert_allclose(taylor, slope * image.numpy(), rtol=1e-5, atol=1e-8)
    assert saliency(network, image).shape == (3, 32, 28)


def test_what_cannot_be_occluded_says_so(image) -> None:
    with pytest.raises(WrongType, match="a torch module"):
        occlude(object(), image)
    with pytest.raises(WrongType, match="evaluation mode"):
        occlude(branched(), image)
    network = ready(branched(), image)
    with pytest.raises(InvalidParameter, match="patch and stride"):
        occlude(network, image, patch=40)
    with pytest.raises(InvalidParameter, match="a class"):
        occlude(network, image, label=9)
    with pytest.raises(InvalidParameter, match="scores of classes"):
        occlude(nn.Conv2d(3, 4, 3).eval(), image)
    with pytest.raises(InvalidParameter, match="an image of"):
        saliency(network, image[0])

    class Choosing(nn.Module):
        def forward(self, x: Any) -> Any:
            return x if x.sum() > 0 else -x

    with pytest.raises(WrongType, match="export it to ONNX"):
        occlude(Choosing().eval(), image)
