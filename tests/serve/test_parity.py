"""What counts as equal when a compiled form is compared with its model."""

import numpy as np
import pytest

from clew.serve.outputs import Answer
from clew.serve.parity import compare

LABELS = np.array([0, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8]])


def test_a_form_that_lost_the_probabilities_is_not_equal():
    found = compare(Answer(LABELS, PROBABILITIES), Answer(LABELS), boundary_rows=0, tolerance=1e-5)
    assert not found.passed
    assert found.max_difference == float("inf")
    assert found.flips == 0


@pytest.mark.parametrize("off", [0.0, 1e-6])
def test_probabilities_within_the_tolerance_are_equal(off):
    given = Answer(LABELS, PROBABILITIES + off)
    found = compare(Answer(LABELS, PROBABILITIES), given, boundary_rows=0, tolerance=1e-5)
    assert found.passed


def test_a_model_without_probabilities_is_compared_by_its_labels():
    assert compare(Answer(LABELS), Answer(LABELS), boundary_rows=0, tolerance=1e-5).passed
    flipped = compare(Answer(LABELS), Answer(1 - LABELS), boundary_rows=0, tolerance=1e-5)
    assert flipped.flips == 2
