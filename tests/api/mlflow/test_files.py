"""Files through the server."""

from __future__ import annotations

import pytest

from tests.api.mlflow.asgi import Client

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def root(experiment: str, run: str) -> str:
    return f"{PROXY}/{experiment}/{run}/artifacts"


def test_there_and_back(client: Client, root: str, run: str) -> None:
    data = bytes(range(256)) * 20_000
    pieces = [data[i : i + 65_536] for i in range(0, len(data), 65_536)]
    assert client("PUT", f"{root}/dir/a b é.bin", body=pieces).json == {}
    got = client("GET", f"{root}/dir/a b é.bin")
    assert (got.status, got.body) == (200, data)
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert (
        got.headers["content-disposition"]
        == "attachment; filename=\"a b e.bin\"; filename*=UTF-8''a%20b%20%C3%A9.bin"
    )
    head = client("HEAD", f"{root}/dir/a b é.bin")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(data)))
    assert (
        client(
            "GET", f"{root}/dir/a b é.bin", headers={"if-none-match": got.headers["etag"]}
        ).status
        == 304
    )
    listed = client.get(f"{API}/artifacts/list", run_id=run, path="dir")
    assert listed["files"] == [{"path": "dir/a b é.bin", "is_dir": False, "file_size": len(data)}]
    assert client.get(f"{API}/artifacts/list", run_id=run)["files"] == [
        {"path": "dir", "is_dir": True}
    ]
    by_path = client.get(PROXY, path=root.removeprefix(PROXY + "/") + "/dir")
    assert by_path["files"] == [{"path": "a b é.bin", "is_dir": False, "file_size": len(data)}]
    page = client("GET", "/get-artifact", query={"run_uuid": run, "path": "dir/a b é.bin"})
    assert page.body == data
    assert client("DELETE", f"{root}/dir").status == 200
    assert client("GET", f"{root}/dir/a b é.bin").status == 404


def test_ranges(client: Client, root: str) -> None:
    client("PUT", f"{root}/t.txt", body=b"0123456789")
    part = client("GET", f"{root}/t.txt", headers={"range": "bytes=2-4"})
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert part.headers["content-type"] == "text/plain"
    none = client("GET", f"{root}/t.txt", headers={"range": "bytes=10-"})
    assert (none.status, none.headers["content-range"]) == (416, "bytes */10")


def test_empty_files(client: Client, root: str) -> None:
    client("PUT", f"{root}/e", body=b"")
    got = client("GET", f"{root}/e")
    assert (got.status, got.body) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "%2e%2e/x",
        "%252e%252e%252fx",
        "a%5Cb",
        "a%00b/../../x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_climbs(client: Client, root: str, method: str, path: str) -> None:
    answer = client(method, f"{root}/{path}", body=b"x")
    assert answer.status in (400, 404), answer.body
    listed = client("GET", PROXY, query={"path": path})
    assert listed.status == 400 or "files" not in listed.json


@pytest.mark.parametrize("path", ["/get-artifact", "//model-versions/get-artifact"])
def test_links_of_the_page_do_not_climb(client: Client, run: str, path: str) -> None:
    answer = client("GET", path, query={"run_id": run, "name": "m", "version": 1, "path": "../x"})
    assert (answer.status, answer.json["message"]) == (400, "Invalid path")


def test_free_folders(client: Client) -> None:
    client("PUT", f"{PROXY}/a.txt", body=b"0")
    client("PUT", f"{PROXY}/dir/b.txt", body=b"1")
    assert client.get(PROXY)["files"] == [
        {"path": "a.txt", "is_dir": False, "file_size": 1},
        {"path": "dir", "is_dir": True},
    ]
    assert (
        client("GET", f"{PROXY}/dir").json["message"]
        == "Artifact path refers to a directory, not a file: 'dir'"
    )


def test_files_of_what_is_not_there(client: Client, experiment: str) -> None:
    answer = client("PUT", f"{PROXY}/{experiment}/nobody/artifacts/x", body=b"x")
    assert (answer.status, answer.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_locations_elsewhere_are_told(client: Client, tmp_path) -> None:
    made = client.post(
        f"{API}/experiments/create", {"name": "s", "artifact_location": str(tmp_path)}
    )
    run = client.post(f"{API}/runs/create", {"experiment_id": made["experiment_id"]})["run"]["info"]
    assert run["artifact_uri"] == f"{tmp_path}/{run['run_id']}/artifacts"
    model = client.post(f"{API}/logged-models", {"experiment_id": made["experiment_id"]})["model"]
    assert model["info"]["artifact_uri"].startswith(f"{tmp_path}/models/m-")
    answer = client("GET", f"{API}/artifacts/list", query={"run_id": run["run_id"]})
    assert answer.status == 400
    assert "does not keep the artifacts" in answer.json["message"]


@pytest.mark.parametrize("path", ["mpu/create/x", "mpu/complete/x", "mpu/abort/x"])
def test_transfers_in_parts_are_off(client: Client, path: str) -> None:
    answer = client("POST", f"/api/2.0/mlflow-artifacts/{path}", {"path": "x", "num_parts": 2})
    assert (answer.status, answer.json["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert (
        answer.json["message"]
        == "Multipart upload is not supported for the current artifact repository"
    )


def test_uploads_of_the_page(client: Client, run: str) -> None:
    path = "/ajax-api/2.0/mlflow/upload-artifact"
    ok = client(
        "POST",
        path,
        body=b"hello",
        query={"run_uuid": run, "path": "t.txt"},
        headers={"content-length": "5"},
    )
    assert ok.status == 200
    for query, text in (
        ({}, "Request must specify run_id or run_uuid."),
        ({"run_id": run}, "Request must specify path."),
        ({"run_id": run, "path": "../x"}, "Invalid path"),
    ):
        answer = client("POST", path, body=b"x", query=query, headers={"content-length": "1"})
        assert answer.json["message"] == text
    big = client(
        "POST",
        path,
        body=b"x",
        query={"run_id": run, "path": "b"},
        headers={"content-length": str(11 << 20)},
    )
    assert big.json["message"] == "Artifact size is too large. Max size is 10MB."
    none = client("POST", path, body=b"", query={"run_id": run, "path": "b"})
    assert none.json["message"] == "Request must specify data."


def test_an_upload_that_breaks_off_leaves_nothing(client: Client, root: str, monkeypatch) -> None:
    import asyncio

    events = [
        {"type": "http.request", "body": b"x" * 10, "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return events.pop(0)

    async def send(event):
        sent.append(event)

    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"{root}/x",
        "raw_path": f"{root}/x".encode(),
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(client.app(scope, receive, send))
    assert client("GET", f"{root}/x").status == 404
