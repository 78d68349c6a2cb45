"""Conditions are read as they are written, and what is none is refused with the place."""

from __future__ import annotations

import pytest

from clew.debug.gates import Adaptivity, Gate, gate_of, parse, plan, read_file
from clew.errors import InvalidParameter, NotFound


def test_letters_and_words_are_the_same() -> None:
    (short,), (plain,) = (
        parse("n - o > 0.02 +/- .01"),
        parse("accuracy(new) - accuracy(old) > 0.02 ± 0.01"),
    )
    assert (short.terms, short.bar, short.tolerance) == (plain.terms, plain.bar, plain.tolerance)


def test_sums_are_gathered_and_numbers_go_to_the_bar() -> None:
    (clause,) = parse("2 * n - n - 0.5 < -0.1 +/- 0.1")
    assert [(factor, str(what)) for factor, what in clause.terms] == [(1.0, "accuracy(new)")]
    assert clause.bar == pytest.approx(0.4)
    assert not clause.above


def test_rows_are_selected_and_clauses_joined() -> None:
    one, two = parse(
        "recall(new, label='>50K', sex=\"Female\") > 0.6 +/- 0.05 /\\ size_mb(new) < 9"
    )
    assert one.terms[0][1].where == (("label", ">50K"), ("sex", "Female"))
    assert two.tolerance is None


WRONG = [
    ("", "a number or one quantity"),
    ("n - o >", "a number"),
    ("x > 0.1", r"x\(new\)"),
    ("n > 0.1 +/- 0", "tolerance above 0"),
    ("n > 0.1 extra", "character 9"),
    ("n * o > 0.1 +/- 0.1", "one quantity"),
    ("3 > 2 +/- 0.1", "a quantity"),
    ("accuracy() > 1", "new, old"),
    ("accuracy(new, new) > 0.1 +/- 0.1", "new, or old"),
    ("n ? 0.1", "a name, a number"),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_is_no_condition_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidParameter, match=expected):
        parse(text)


REFUSED = [
    ("f1(new) > 0.6 +/- 0.01", "no bound here is valid for f1"),
    ("roc_auc(new) > 0.9", "no bound here is valid for roc_auc"),
    ("n > 0.8", "needs a tolerance"),
    ("latency_ms(new) < 20 +/- 1", "no tolerance"),
    ("accuracy(new, old) > 0.8 +/- 0.1", "of which model"),
    ("disagreement(new) > 0.8 +/- 0.1", "of which model"),
    ("recall(new) > 0.8 +/- 0.1", "of a label"),
    ("accuracy(new, label='a') > 0.8 +/- 0.1", "of a label"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_a_bound_that_is_not_valid_is_refused(text: str, expected: str) -> None:
    with pytest.raises(InvalidParameter, match=expected):
        plan(Gate((text,)))


def test_files_are_read_and_what_they_cannot_mean_is_refused(tmp_path) -> None:
    (tmp_path / "adult.toml").write_text(
        'conditions = ["n > 0.8 +/- 0.1"]\nsteps = 4\nadaptivity = "retire"\npasses = 2\n'
    )
    found = read_file(tmp_path / "adult.toml")
    assert (found.name, found.adaptivity) == ("adult", Adaptivity(4, "retire", 2))
    (tmp_path / "adult.yaml").write_text("conditions: n > 0.8 +/- 0.1\nname: other\n")
    assert read_file(tmp_path / "adult.yaml").name == "other"
    (tmp_path / "bad.yaml").write_text("[")
    with pytest.raises(InvalidParameter, match="not valid YAML"):
        read_file(tmp_path / "bad.yaml")
    with pytest.raises(NotFound):
        read_file(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"condition": "n > 0.8 +/- 0.1"},
        {"conditions": "n > 0.8 +/- 0.1", "reliability": "high"},
        {"conditions": "n > 0.8 +/- 0.1", "reliability": 1.0},
        {"conditions": "n > 0.8 +/- 0.1", "steps": 1.5},
        {"conditions": "n > 0.8 +/- 0.1", "steps": 600},
        {"conditions": "n > 0.8 +/- 0.1", "adaptivity": "some"},
        {"conditions": "n > 0.8 +/- 0.1", "mode": "free"},
        {"conditions": "n > 0.8 +/- 0.1", "name": "a/b"},
        {"conditions": ["n > 0.8 +/- 0.1"] * 2},
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        gate_of(wrong)


def test_histories_are_counted() -> None:
    """Against all sequences of verdicts, played out."""

    def played(steps: int, passes: int, verdicts: int) -> int:
        if steps == 0 or passes == 0:
            return 0
        others = (verdicts - 1) * played(steps - 1, passes, verdicts)
        return 1 + played(steps - 1, passes - 1, verdicts) + others

    for verdicts in (2, 3):
        for steps in range(1, 7):
            hybrid = Adaptivity(steps, "hybrid").models(verdicts=verdicts)
            assert hybrid == played(steps, 1, verdicts)
            for k in range(1, steps + 1):
                found = Adaptivity(steps, "retire", k).models(verdicts=verdicts)
                assert found == played(steps, k, verdicts)
            assert Adaptivity(steps, "full").models(verdicts=verdicts) == verdicts**steps
            assert Adaptivity(steps, "none").models(verdicts=verdicts) == steps
