"""``@clew.step(level="function")``: reuse below steps, by the lineage of traced arrays."""

import numpy as np
import pytest

import clew
from clew.errors import InvalidParameter


def test_a_function_of_traced_arrays_runs_once():
    ran = []

    @clew.step(level="function")
    def gram(x):
        ran.append(1)
        return x.T @ x

    plain = np.random.default_rng(0).normal(size=(200, 5))
    traced = clew.trace(plain)
    first, second = gram(traced), gram(traced)
    assert len(ran) == 1
    assert np.array_equal(np.asarray(first), plain.T @ plain)
    assert np.array_equal(np.asarray(second), plain.T @ plain)


@pytest.mark.parametrize("options", [{"level": "cell"}, {"level": "function", "seed": 1}])
def test_what_a_level_does_not_know_is_refused(options):
    with pytest.raises(InvalidParameter, match="level"):
        clew.step(**options)
