from __future__ import annotations

import copy

import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint

torch = pytest.importorskip("torch")


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2), torch.nn.Dropout())


def test_values_that_can_be_told_apart_have_different_ids():
    base = torch.arange(6.0)
    values = [
        *(base, base.reshape(2, 3), base.reshape(2, 3).T, base[::2], base.double(), base.int()),
        *(base.to(torch.bfloat16), base.half(), base.bool(), base.to(torch.complex64)),
        *(torch.arange(6.0, requires_grad=True), torch.nn.Parameter(base), base.numpy()),
        *(torch.float32, torch.float64, torch.device("cpu"), torch.Size([1]), torch.tensor(0.0)),
        *(network(), network(1), network().eval(), torch.nn.functional.relu, torch.nn.ReLU()),
        *(torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
        *(torch.optim.SGD(network().parameters(), 0.1), torch.optim.SGD(network().parameters(), 1)),
    ]
    seen: dict[bytes, object] = {}
    for value in values:
        found = fingerprint(value)
        assert found not in seen, f"{value!r} and {seen.get(found)!r}"
        seen[found] = value
        if not isinstance(value, torch.Generator):
            assert fingerprint(copy.deepcopy(value)) == found


def test_views_and_gradients():
    base = torch.arange(10.0)
    assert fingerprint(base[2:5]) == fingerprint(base[2:5].clone())
    model = network()
    before = fingerprint(model)
    model.eval()
    model.train()
    assert fingerprint(model) == before == fingerprint(network())
    model[0](torch.ones(1, 3)).sum().backward()
    assert fingerprint(model) != before


def test_a_changed_large_tensor_is_noticed():
    tensor = torch.zeros(100_000)
    before = fingerprint(tensor)
    assert fingerprint(tensor) == before
    tensor[99_999] = 1
    assert fingerprint(tensor) != before


@pytest.mark.filterwarnings("ignore:Sparse")
def test_what_holds_no_dense_data_is_refused():
    sparse = torch.sparse_coo_tensor([[0]], [1.0], (2,))
    for value in (sparse, torch.empty(2, device="meta"), torch.zeros(2).untyped_storage()):
        with pytest.raises(Unhashable):
            fingerprint(value)
