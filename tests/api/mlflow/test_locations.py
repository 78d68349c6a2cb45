"""Paths and locations that clients may name."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.api.mlflow.failure import Failure
from clew.api.mlflow.locations import (
    checked_location,
    is_within,
    plain,
    refuse_relative,
    safe_path,
)
from clew.api.mlflow.places import FOLDER, place, within
from clew.entities import Owner


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "a/../../b",
        "..",
        "%2e%2e/x",
        "%252e%252e/x",
        "a/%2e%2e%2fb",
        "a\\b",
        "C:/x",
        "file:///etc/passwd",
        "a#b",
    ],
)
def test_paths_that_climb_are_refused(path: str) -> None:
    with pytest.raises(Failure, match="Invalid path"):
        safe_path(path)


@given(
    st.lists(
        st.sampled_from(["..", ".", "a", "%2e", "%2F", "/", "\\", "%25", "%00", "\0", "b c", "é"]),
        max_size=8,
    ).map("".join)
    | st.text(max_size=30)
)
def test_a_safe_path_stays_below_its_root(path: str) -> None:
    try:
        safe = safe_path(path)
    except Failure:
        return
    below = posixpath.normpath(posixpath.join("/files", plain(safe)))
    assert below == "/files" or below.startswith("/files/")
    assert "\0" not in safe


def test_plain_names_stay_as_they_are() -> None:
    assert safe_path("a/b c/é.txt") == "a/b c/é.txt"
    assert plain("./a//b/.") == "a/b"


def test_local_locations_become_absolute(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_location("my_location") == str(tmp_path / "my_location")
    assert checked_location("s3://bucket/x") == "s3://bucket/x"
    assert checked_location("/data/x") == "/data/x"


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("s3://b/x#frag", "can't include fragments"),
        ("s3://b/x?a=../..", "Invalid query string"),
        ("http://elsewhere/x", "cannot use the 'http' scheme"),
        ("runs:/abc/x", "cannot be a runs:/ URI"),
        ("s3://b/" + "x" * 2048, "Invalid artifact path length"),
        ("http://[bad", "Invalid URI"),
    ],
)
def test_locations_that_are_refused(location: str, text: str) -> None:
    with pytest.raises(Failure, match=text):
        checked_location(location)


@pytest.mark.parametrize(
    "source",
    [
        "s3a://b/api/../../x",
        "dbfs:/a/..%2f..%2fx",
        "s3://b/x%00",
        "s3://b/x%252e%252e/../y",
    ],
)
def test_sources_that_climb_are_refused(source: str) -> None:
    with pytest.raises(Failure, match="If supplying a source as an http, https"):
        refuse_relative(source)


def test_sources_without_references_pass() -> None:
    for source in ("s3://b/x/", "s3://b/x///", "dbfs:/a/..../", "runs:/abc/model", "models:/m-1"):
        refuse_relative(source)


def test_within() -> None:
    root = "mlflow-artifacts:/1/r/artifacts"
    assert is_within("mlflow-artifacts:/1/r/artifacts/model", root)
    assert is_within("mlflow-artifacts:/1//r/artifacts", root)
    assert not is_within("mlflow-artifacts:/1/r/artifacts2", root)
    assert not is_within("mlflow-artifacts://host/1/r/artifacts", root)


@pytest.mark.parametrize(
    ("path", "owner", "rest"),
    [
        ("1/01ABC/artifacts/m/x.txt", Owner("run", "01ABC"), "m/x.txt"),
        ("1/01ABC/artifacts", Owner("run", "01ABC"), ""),
        ("1/models/m-1/artifacts/MLmodel", Owner("model", "m-1"), "MLmodel"),
        ("1/traces/tr-1/artifacts/traces.json", Owner("trace", "tr-1"), "traces.json"),
        ("1/models/m-1", FOLDER, "1/models/m-1"),
        ("a.txt", FOLDER, "a.txt"),
        ("1/01ABC", FOLDER, "1/01ABC"),
        ("", FOLDER, ""),
    ],
)
def test_places(path: str, owner: Owner, rest: str) -> None:
    assert place(path) == (owner, rest)


def test_files_elsewhere_are_not_this_servers() -> None:
    assert within("mlflow-artifacts:/1/R/artifacts", "x") == (Owner("run", "R"), "x")
    for root in ("file:///tmp/x", "s3://b/x", "mlflow-artifacts://other:80/x"):
        with pytest.raises(Failure, match="does not keep"):
            within(root, "x")
