"""The published table comes out to the label; the exact tests ask for less."""

from __future__ import annotations

import pytest

from clew.debug.gates import Adaptivity, Gate, plan

PUBLISHED = [
    ("n > 0.8 +/- 0.01", "hoeffding", {"none": 63_381, "full": 156_956}),
    ("n - o > 0.02 +/- 0.01", "hoeffding", {"none": 267_385, "full": 641_684}),
    ("n - o > 0.02 +/- 0.01", "bennett", {"none": 29_048, "full": 67_706}),
]


def gate(condition: str, test: str, kind: str = "none", **more: object) -> Gate:
    return Gate(
        (condition,),
        reliability=0.9999,
        adaptivity=Adaptivity(32, kind),  # type: ignore[arg-type]
        test=test,  # type: ignore[arg-type]
        disagreement=0.1,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("condition", "test", "rows"), PUBLISHED)
def test_the_published_table_comes_out_to_the_label(
    condition: str, test: str, rows: dict[str, int]
) -> None:
    assert {kind: plan(gate(condition, test, kind)).rows for kind in rows} == rows


def test_bennett_labels_disagreements_only() -> None:
    assert [plan(gate(PUBLISHED[2][0], "bennett", kind)).labels for kind in ("none", "full")] == [
        2905,
        6771,
    ]


def test_the_exact_paired_test_asks_for_a_hundredth() -> None:
    found = plan(gate("n - o > 0.02 +/- 0.01", "exact"))
    assert found.labels <= 2040
    assert found.rows <= 20_400


def test_a_share_uses_its_own_variance() -> None:
    near_one = plan(gate("n > 0.95 +/- 0.01", "exact")).rows
    assert near_one < plan(gate("n > 0.5 +/- 0.01", "exact")).rows < 63_381
    assert plan(gate("d < 0.1 +/- 0.01", "exact")).labels == 0


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("n - o > 0.02 +/- 0.01", "o - n < -0.02 +/- 0.01"),
        ("n - o > 0.02 +/- 0.01", "error(old) - error(new) > 0.02 +/- 0.01"),
        ("n - o > 0.02 +/- 0.01", "2 * n - 2 * o > 0.04 +/- 0.02"),
        ("n > 0.9 +/- 0.01", "error(new) < 0.1 +/- 0.01"),
        ("n > 0.9 +/- 0.01", "1 - n < 0.1 +/- 0.01"),
        ("n > 0.9 +/- 0.01", "-3 * n < -2.7 +/- 0.03"),
    ],
)
def test_the_same_question_asked_otherwise_needs_the_same(one: str, two: str) -> None:
    first, second = (plan(gate(text, "exact")).tests[0] for text in (one, two))
    assert (first.rows, first.labels) == (second.rows, second.labels)
    assert second.low == pytest.approx(first.low)
    assert second.new_wins == first.new_wins
