"""Addresses of databases: what is accepted, and that no password is ever shown."""

from __future__ import annotations

import traceback

import pytest

from clew.adapters.stores.sql.postgres.address import parse, with_schema
from clew.app.settings import load
from clew.errors import InvalidParameter


@pytest.mark.parametrize(
    ("url", "plain", "shown"),
    [
        ("postgres://me@db/lab", "postgresql://me@db/lab", "postgresql://me@db/lab"),
        (
            "postgresql://me:a%2Fb%40c@db:5433/lab?schema=ours&sslmode=require",
            "postgresql://me:a%2Fb%40c@db:5433/lab?sslmode=require",
            "postgresql://me@db:5433/lab?schema=ours&sslmode=require",
        ),
        (
            "postgresql:///lab?host=/var/run/postgresql&password=a%20b",
            "postgresql:///lab?host=%2Fvar%2Frun%2Fpostgresql&password=a%20b",
            "postgresql:///lab?host=%2Fvar%2Frun%2Fpostgresql",
        ),
        ("postgresql://[::1]:5/x", "postgresql://[::1]:5/x", "postgresql://[::1]:5/x"),
        ("postgresql://u:p@a:1,b:2/x", "postgresql://u:p@a:1,b:2/x", "postgresql://u@a:1,b:2/x"),
    ],
)
def test_libpq_is_given_what_was_said(url: str, plain: str, shown: str) -> None:
    found = parse(url)
    assert found.url == plain
    assert found.shown.replace("%2F", "/") == shown.replace("%2F", "/")
    assert parse(with_schema(url, "other")).schema == "other"
    assert parse(with_schema(url, "other")).url == plain


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:kiwi/plum@db/lab",
        "postgresql://me:kiwi#plum@db/lab",
        "postgresql://me:kiwi?plum@db/lab",
        "postgresql://me:kiwi[plum@db/lab",
        "postgresql://me:kiwi%zzplum@db/lab",
        "postgresql://me:kiwi plum@db/lab",
        "postgresql://me:kiwiplum@db:port/lab",
        "postgresql://me:kiwiplum@[db/lab",
        "postgresql://me:kiwiplum@db/lab?schema=a;b",
        "postgresql://me:kiwiplum@db/lab?schema=pg_catalog",
    ],
)
def test_mistakes_are_told_without_the_password(url: str) -> None:
    with pytest.raises(InvalidParameter, match="address of the database") as caught:
        load(store=url)
    told = "".join(traceback.format_exception_only(caught.value))
    assert "kiwi" not in told and "plum" not in told


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "mysql", "sqlite", "s3"])
def test_an_address_of_something_else_is_no_folder(scheme: str) -> None:
    with pytest.raises(InvalidParameter, match="address of the store") as caught:
        load(store=f"{scheme}://me:sesame@db/lab")
    assert "sesame" not in str(caught.value) and scheme in str(caught.value)
