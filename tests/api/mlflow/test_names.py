# ruff: noqa: E501 — the texts of MLflow are long
"""Names and limits, with MLflow's texts."""

from __future__ import annotations

import pytest

from clew.api.mlflow import names
from clew.api.mlflow.failure import Failure


@pytest.mark.parametrize("key", ["a", "a b/c.d-e:f_g", "é", "x" * 250])
def test_good_keys(key: str) -> None:
    names.check_name(key, "key")


@pytest.mark.parametrize("key", ["", ".", "../a", "/a", "a//b", "a/", "a\\b", "a?b", "\n"])
def test_bad_keys(key: str) -> None:
    with pytest.raises(Failure, match="Invalid value"):
        names.check_name(key, "metrics[0].name")


def test_texts() -> None:
    cases = {
        lambda: names.check_batch(
            1001, 0, 0
        ): "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.",
        lambda: names.check_batch(
            0, 101, 0
        ): "A batch logging request can contain at most 100 params. Got 101 params. Please split up params across multiple requests and try again.",
        lambda: names.check_batch(
            950, 50, 50
        ): "A batch logging request can contain at most 1000 metrics, params, and tags. Got 1050 metrics, params, and tags. Please split up metrics, params, and tags across multiple requests and try again.",
        lambda: names.check_unique_params(
            ["a", "b", "a"]
        ): "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param value per param key.",
        lambda: names.check_experiment_name("  "): "Invalid experiment name: '  '",
        lambda: names.check_experiment_name(
            "x" * 501
        ): "'name' exceeds the maximum length of 500 characters",
        lambda: names.check_model_name(
            "a/b"
        ): "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
        lambda: names.check_model_name(" "): "Missing value for required parameter 'name'.",
        lambda: names.version_number("x"): "Parameter 'version' must be an integer, got 'x'.",
        lambda: names.check_alias(
            "a b"
        ): "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
        lambda: names.check_alias_is_free(
            "Latest"
        ): "'latest' alias name (case insensitive) is reserved.",
        lambda: names.check_alias_is_free("v12"): "Version alias name 'v12' is reserved.",
        lambda: names.check_run_id("a b"): "Invalid value \"a b\" for parameter 'run_id' supplied.",
        lambda: names.check_metric(
            "k", -1, 0.5, "metrics[3]"
        ): "Invalid value -1 for parameter 'metrics[3].timestamp' supplied: metric 'k' (value=0.5). Timestamp must be a nonnegative long (64-bit integer) ",
    }
    for call, text in cases.items():
        with pytest.raises(Failure) as caught:
            call()
        assert caught.value.message == text
        assert caught.value.status == 400


def test_long_values_are_cut_as_mlflow_cuts_them() -> None:
    assert len(names.checked_param("k", "x" * 7000)) == 6000
    assert len(names.checked_tag("k", "x" * 9000)) == 8000
