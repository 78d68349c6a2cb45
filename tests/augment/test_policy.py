"""Policies: a row's change depends on the seed, the epoch and its index, and on nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.augment import Operation, Policy, batches, grown, operators, rand_augment
from clew.augment.draws import Draws
from clew.errors import InvalidParameter, UnsupportedValue, WrongType
from clew.lineage.fingerprint import fingerprint

TEXTS = ["the quick brown fox jumps", "over", "", "the lazy dog, the Quick one!"] * 5


def data(kind: str) -> Any:
    rng = np.random.default_rng(0)
    if kind == "images":
        return rng.integers(0, 256, (20, 12, 9, 3), dtype=np.uint8)
    return rng.normal(size=(20, 30, 2)) if kind == "series" else TEXTS


def strong(name: str, probability: float = 1.0) -> Operation:
    options = {"table": {"quick": ["fast"], "lazy": ["idle"]}} if name == "synonyms" else {}
    return Operation(name, probability, 0.9, options)


@pytest.mark.parametrize("kind", ["images", "series", "text"])
def test_each_operator_keeps_form_and_input_and_changes_something(kind: Any) -> None:
    for name in operators(kind):
        X = data(kind)
        before = list(X) if kind == "text" else X.copy()
        changed = Policy([[strong(name)]])(X)
        assert len(changed) == len(X)
        if kind == "text":
            assert before == X
            assert all(isinstance(text, str) for text in changed)
            assert changed != X, name
        else:
            assert np.array_equal(before, X)
            assert (changed.shape, changed.dtype) == (X.shape, X.dtype)
            assert not np.array_equal(changed, X), name
            nothing = Policy([[Operation(name, 0.0, 1.0)]])(X)
            assert np.array_equal(nothing, X), name


@pytest.mark.parametrize("kind", ["images", "series", "text"])
@settings(max_examples=10, deadline=None)
@given(cut=st.integers(0, 20), seed=st.integers(0, 2**64), epoch=st.integers(0, 50))
def test_a_row_is_changed_alike_in_every_batch(kind: Any, cut: int, seed: int, epoch: int) -> None:
    X = data(kind)
    policy = Policy([[strong(n, 0.5), strong(m)] for n, m in _pairs(kind)], rounds=2, seed=seed)
    whole = policy(X, epoch=epoch)
    order = np.random.default_rng(cut).permutation(20)
    parts = [policy.at(X, rows, epoch=epoch) for rows in (order[:cut], order[cut:])]
    for rows, part in zip((order[:cut], order[cut:]), parts, strict=True):
        for row, changed in zip(rows, part, strict=True):
            assert np.array_equal(whole[row], changed)


def _pairs(kind: Any) -> list[tuple[str, str]]:
    names = operators(kind)
    return list(zip(names, names[1:] + names[:1], strict=True))


def test_seeds_and_epochs_differ_and_rows_do_too() -> None:
    X = np.tile(data("images")[:1], (50, 1, 1, 1))
    policy = Policy([[("noise", 1.0, 0.5)]])
    one = policy(X)
    assert np.array_equal(one, policy(X))
    assert not np.array_equal(one, policy(X, epoch=1))
    assert not np.array_equal(one, Policy([[("noise", 1.0, 0.5)]], seed=1)(X))
    assert len({row.tobytes() for row in one}) == 50


def test_draws_are_even_and_their_streams_unrelated() -> None:
    draws = Draws.of(3, 1, np.arange(20_000))
    first, second = draws.uniform(), draws.uniform(2)
    assert 0.0 <= first.min() < first.max() < 1.0
    counts = np.histogram(first, bins=20, range=(0, 1))[0]
    assert abs(counts - 1_000).max() < 150
    streams = [
        first,
        *second.T,
        draws.apart(1).uniform(),
        Draws.of(4, 1, np.arange(20_000)).uniform(),
    ]
    between = np.corrcoef(streams) - np.eye(len(streams))
    assert abs(between).max() < 0.03
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.03
    normal = draws.normal(3)
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1.0) < 0.02


def test_probability_is_the_share_of_rows() -> None:
    X = np.tile(np.linspace(0, 1, 16).reshape(1, 4, 4), (4_000, 1, 1))
    changed = Policy([[("flip_x", 0.25)]])(X)
    assert 0.22 < (changed != X).any(axis=(1, 2)).mean() < 0.28


def test_a_policy_is_a_value() -> None:
    policy = Policy([[("rotate", 0.8, 0.5), ("cutout", 0.5, 0.5)], [("elastic",)]], 2, 7)
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert fingerprint(policy) == fingerprint(Policy.from_dict(policy.to_dict()))
    others = (rand_augment(), Policy(policy.subpolicies, 2, 8), Policy(policy.subpolicies, 1, 7))
    assert len({fingerprint(policy), *map(fingerprint, others)}) == 4


def test_a_function_of_ones_own() -> None:
    def dim(images: Any, magnitude: float, draws: Draws) -> Any:
        return images * (1.0 - magnitude * draws.uniform()[:, None, None, None])

    policy = Policy([[Operation(dim, kind="images")], [Operation("invert", 0.0)]])
    X = data("images")
    assert (policy(X) <= X).all()
    with pytest.raises(UnsupportedValue):
        policy.to_dict()
    with pytest.raises(InvalidParameter, match="what an operator returned"):
        Policy([[Operation(lambda images, m, draws: images[:, :3], kind="images")]])(X)


def test_what_is_no_policy_and_what_is_no_data_is_refused() -> None:
    for bad in ([], [[]], [[("rotate",), ("swap",)]], [[("turn",)]], [[("rotate", 1.5)]]):
        with pytest.raises(InvalidParameter):
            Policy(bad)
    with pytest.raises(InvalidParameter, match="magnitude"):
        Operation("rotate", 1.0, float("nan"))
    rotate = Policy([[("rotate",)]])
    with pytest.raises(InvalidParameter, match=r"\[0, 1\]"):
        rotate(np.full((2, 4, 4), 255.0))
    with pytest.raises(InvalidParameter, match="tones"):
        rotate(np.full((2, 4, 4), np.nan))
    with pytest.raises(WrongType, match="uint8"):
        rotate(np.zeros((2, 4, 4), np.int64))
    with pytest.raises(InvalidParameter, match="shape"):
        rotate(np.zeros((4, 4)))
    with pytest.raises(WrongType, match="texts"):
        Policy([[("swap",)]])([1, 2])


def test_known_changes() -> None:
    bar = np.zeros((1, 7, 7))
    bar[0, :, 3] = 1.0
    assert np.array_equal(Policy([[("flip_x",)]])(bar), bar)
    assert np.array_equal(Policy([[("invert",)]])(bar), 1.0 - bar)
    still = Policy([[("rotate", 1.0, 0.0), ("elastic", 1.0, 0.0), ("crop", 1.0, 0.0)]])
    assert np.allclose(still(bar), bar, atol=1e-6)
    moved = Policy([[("translate_x", 1.0, 1.0)]])(np.repeat(bar, 40, axis=0))
    assert (moved.sum(axis=(1, 2)) <= 7 + 1e-4).all()
    assert np.allclose(moved, moved[:, :1], atol=1e-5)
    words = Policy([[strong("synonyms")]])(["A Quick, lazy one"] * 20)
    assert set(words) <= {f"A {q}, {z} one" for q in ("Quick", "Fast") for z in ("lazy", "idle")}
    assert "A Fast, idle one" in words


def test_data_sets_grow_and_batches_cover_each_row_once() -> None:
    X, y = data("images"), np.arange(20)
    policy = Policy([[("noise",)]])
    rows, labels = grown(X, y, policy, copies=2)
    assert np.array_equal(rows[:20], X)
    assert np.array_equal(rows[40:], policy(X, epoch=2))
    assert labels.tolist() == [*range(20)] * 3
    got = list(batches(X, y, policy, size=6, epoch=2))
    assert [len(part) for _, part in got] == [6, 6, 6, 2]
    order = np.concatenate([part for _, part in got])
    assert sorted(order) == list(range(20))
    assert np.array_equal(np.concatenate([part for part, _ in got]), rows[40:][order])
    with pytest.raises(InvalidParameter, match="one per row"):
        grown(X, y[:3], policy)


def test_torch_workers_agree() -> None:
    data_of = pytest.importorskip("torch.utils.data")
    from clew.augment import torch_dataset

    X, y = data("images"), np.arange(20)
    policy = Policy([[("noise",)]])
    changing = torch_dataset(X, y, policy)
    changing.set_epoch(3)
    loader = data_of.DataLoader(changing, batch_size=8, num_workers=0)
    got = np.concatenate([rows.numpy() for rows, _ in loader])
    assert np.array_equal(got, policy(X, epoch=3))
