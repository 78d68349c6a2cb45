"""What every answer has in common."""

from __future__ import annotations

import gzip
import json

import pytest

from clew.api.access import Access
from clew.api.rest.contract.routes import ROUTES
from clew.api.rest.dispatch import Rest
from clew.api.server.application import Server
from clew.api.server.assemble import assemble
from clew.api.server.guard import LOCAL_NAMES, Guard
from clew.api.server.static import Files


def test_health_and_document(client) -> None:
    assert client("GET", "/health").body == b"OK"
    document = client.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/lineage" in document["paths"]


def test_what_is_not_there_is_a_problem(client) -> None:
    for path in ("/api/v1/nothing", "/api/v1", "/api/nothing", "/api/v1/runs/a/b/c"):
        answer = client("GET", path)
        assert answer.status == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["kind"] == "NoRoute"
    assert client("DELETE", "/api/v1/studies").status == 405
    assert client("DELETE", "/api/v1/studies").headers["allow"] == "GET"
    assert client("POST", "/anything").status == 405


def test_parameters_are_checked(client) -> None:
    for query in ("up=x", "up=-1", "unknown=1", "limit=0", "up=1&up=2", "values=some", "%ff=1"):
        answer = client("GET", f"/api/v1/lineage?focus=abcd&{query}")
        assert answer.status == 400, query
        assert answer.json()["kind"] == "InvalidParameter"
    assert client("GET", "/api/v1/lineage").json()["expected"].startswith("focus")


def test_head_has_the_headers_alone(client) -> None:
    plain, head = client("GET", "/api/v1/studies"), client("HEAD", "/api/v1/studies")
    assert head.body == b""
    assert head.headers["content-length"] == plain.headers["content-length"] == str(len(plain.body))


def test_every_answer_forbids_sniffing_and_embedding(client) -> None:
    for path in ("/health", "/api/v1/studies", "/api/v1/nothing", "/", "/openapi.json"):
        headers = client("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
    assert "default-src 'self'" in client("GET", "/").headers["content-security-policy"]


def test_no_header_stands_twice(client) -> None:
    """Read as one, "nosniff, nosniff" is no value that a browser knows."""
    made = client.post("/api/2.0/mlflow/runs/create", {"experiment_id": "0"})
    run = made["run"]["info"]["run_id"]
    place = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.txt"
    assert client("PUT", place, raw=b"hello").status == 200
    for path in (
        f"/get-artifact?run_id={run}&path=a.txt",
        place,
        f"/api/v1/artifacts/content?owner=run&id={run}&path=a.txt",
        "/api/v1/studies",
        "/health",
    ):
        assert client("GET", path).status == 200, path
        names = [name for name, _ in client.sent]
        assert len(names) == len(set(names)), (path, names)


def test_an_address_with_a_slash_too_many_is_understood(client) -> None:
    found = client.get("//api/2.0/mlflow/experiments/get?experiment_id=0")
    assert found["experiment"]["name"] == "Default"
    assert client("GET", "//health").body == b"OK"


def test_strangers_are_refused(client) -> None:
    assert client("GET", "/api/v1/studies", headers={"host": "evil.example"}).status == 403
    assert client("GET", "/", headers={"host": "evil.example"}).status == 403
    answer = client("DELETE", "/api/v1/studies", headers={"origin": "http://evil.example"})
    assert (answer.status, answer.json()["kind"]) == (403, "CrossSite")


def test_a_large_answer_is_compressed_for_clients_elsewhere(client) -> None:
    asked = {"accept-encoding": "gzip"}
    assert "content-encoding" not in client("GET", "/openapi.json", headers=asked).headers
    client.peer = ("192.0.2.7", 4000)
    packed = client("GET", "/openapi.json", headers=asked)
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body))["openapi"] == "3.1.0"


def test_a_defect_is_logged_and_not_shown(served, fresh_client, caplog) -> None:
    def broken(served, query):
        raise ZeroDivisionError("the secret")

    server = Server(
        Rest(served, ROUTES, {"studies.list": broken}),
        guard=Guard(LOCAL_NAMES),
        access=Access(served.tokens, needs_token=False),
        files=Files(),
    )
    answer = fresh_client(server)("GET", "/api/v1/studies")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert answer.json()["kind"] == "Defect"
    assert "the secret" in caplog.text


def test_mounted_applications_are_guarded_and_watched(served, fresh_client) -> None:
    async def mounted(scope, receive, send):
        if scope["path"].endswith("broken"):
            raise RuntimeError
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"here"})

    server = Server(
        Rest(served, ROUTES, {}),
        guard=Guard(LOCAL_NAMES),
        access=Access(served.tokens, needs_token=False),
        files=Files(),
        mounted={"/api/2.0/": mounted},
    )
    client = fresh_client(server)
    answer = client("GET", "/api/2.0/x")
    assert answer.body == b"here"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client("GET", "/api/2.0/x", headers={"host": "evil.example"}).status == 403
    assert client("GET", "/api/2.0/broken").status == 500


@pytest.fixture
def ui(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>clew</title>" + "x" * 2000)
    (tmp_path / "assets/main-1234.js").write_text("console.log(1);" * 200)
    (tmp_path / "clew.svg").write_text("<svg/>")
    return tmp_path


def test_the_page_answers_every_deep_link(served, fresh_client, ui) -> None:
    client = fresh_client(assemble(served, ui=ui))
    for path in ("/", "/runs/01ABC", "/models/a.b/3", "/e/1?columns=x"):
        answer = client("GET", path)
        assert answer.status == 200, path
        assert answer.body.startswith(b"<!doctype html>")
        assert answer.headers["cache-control"] == "no-cache"
    assert client("GET", "/assets/gone.js").status == 404
    assert client("GET", "/assets/../../etc/passwd").status in (200, 404)
    assert b"root:" not in client("GET", "/assets/../../etc/passwd").body


def test_compiled_files_are_compressed_and_cached(served, fresh_client, ui) -> None:
    client = fresh_client(assemble(served, ui=ui))
    answer = client("GET", "/assets/main-1234.js", headers={"accept-encoding": "gzip, br"})
    assert answer.headers["content-type"] == "application/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert gzip.decompress(answer.body) == b"console.log(1);" * 200
    assert client("GET", "/clew.svg").headers["content-type"].startswith("image/svg+xml")


def test_without_a_compiled_ui_the_page_says_so(served, fresh_client, tmp_path) -> None:
    answer = fresh_client(assemble(served, ui=tmp_path / "compiled"))("GET", "/")
    assert answer.status == 404
    assert b"dev.py ui" in answer.body
