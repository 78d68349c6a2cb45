"""A stranger's page reaches nothing."""

from __future__ import annotations

import pytest

from clew.api.problem import Refused
from clew.api.server.guard import LOCAL_NAMES, Guard


def scope(method: str, **headers: str) -> dict:
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"method": method, "headers": named}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5080", "127.0.0.1:1", "[::1]:5080", "[::1]", "a.localhost:8"]
)
def test_names_of_this_machine_pass(host: str) -> None:
    Guard(LOCAL_NAMES).check(scope("GET", host=host))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5080", "localhost.evil.example", "127.0.0.1.nip.io", ""]
)
def test_other_names_do_not(host: str) -> None:
    guard = Guard(LOCAL_NAMES)
    for _ in range(2):
        with pytest.raises(Refused, match="name"):
            guard.check(scope("GET", host=host))


def test_a_name_can_be_allowed_and_a_missing_one_is_refused() -> None:
    Guard({*LOCAL_NAMES, "Box.Lan"}).check(scope("GET", host="box.lan:5080"))
    with pytest.raises(Refused):
        Guard(LOCAL_NAMES).check(scope("GET"))
    with pytest.raises(Refused, match="two Host"):
        two = [(b"host", b"localhost"), (b"host", b"evil.example")]
        Guard(LOCAL_NAMES).check({"method": "GET", "headers": two})


def test_changes_come_from_here_or_from_a_program() -> None:
    guard = Guard(LOCAL_NAMES)
    host = "localhost:5080"
    guard.check(scope("POST", host=host))
    guard.check(scope("POST", host=host, origin="http://localhost:5080"))
    guard.check(scope("POST", host=host, sec_fetch_site="same-origin"))
    guard.check(scope("GET", host=host, origin="http://evil.example", sec_fetch_site="cross-site"))
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(Refused, match="another place"):
                guard.check(scope(method, host=host, **headers))
