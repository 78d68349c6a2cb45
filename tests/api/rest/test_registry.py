"""Experiments, models, data, files, tokens, views, search, settings over HTTP."""

from __future__ import annotations

import json

import pytest

from clew.api.server.assemble import assemble
from clew.app import access
from clew.app.served import open_served
from clew.app.settings import load
from clew.entities import Dataset, DatasetInput, Metric, Owner


def test_experiments(client) -> None:
    made = client.post("/api/v1/experiments", {"name": "adult", "note": "# Hi"}, status=201)
    path = f"/api/v1/experiments/{made['id']}"
    assert client.post("/api/v1/experiments", {"name": "adult"}, status=409)
    assert client.post(path, {"name": "grown"}, method="PATCH")["name"] == "grown"
    tags = {"set": {"team/a": "x"}, "remove": ["none"]}
    assert client.post(f"{path}/tags", tags, method="PATCH")["tags"] == {"team/a": "x"}
    found = client.get("/api/v1/experiments?text=hi")
    assert [row["name"] for row in found["rows"]] == ["grown"]
    client.post(path, method="DELETE")
    assert client.get("/api/v1/experiments")["total"] == 1
    assert client.get("/api/v1/experiments?view=deleted")["rows"][0]["id"] == made["id"]
    assert client.post(f"{path}/restore")["lifecycle"] == "active"
    assert client.get("/api/v1/experiments/99", status=404)
    assert client.get("/api/v1/experiments/x", status=400)
    actions = [event["action"] for event in client.get("/api/v1/audit")["items"]]
    assert actions == [
        "experiment.restore",
        "experiment.delete",
        "experiment.rename",
        "experiment.create",
    ]


@pytest.fixture
def model(client, served):
    run = served.tracking.runs.create("0", name="trained")
    served.tracking.logging.log(run.id, metrics=[Metric("auc", 0.9, 1, 1)], params={"c": "1"})
    logged = served.tracking.models.create("0", name="lm", source_run_id=run.id)
    client.post("/api/v1/models", {"name": "adult's", "description": "who earns"}, status=201)
    body = {"model_id": logged.id, "tags": {"a": "b"}}
    return logged, client.post("/api/v1/models/adult's/versions", body, status=201)


def test_a_promotion_leaves_a_trail(client, model) -> None:
    logged, version = model
    assert (version["version"], version["run_name"]) == (1, "trained")
    assert (version["source"], version["params"]) == (f"models:/{logged.id}", {"c": "1"})
    assert version["metrics"][0]["value"] == 0.9
    path = "/api/v1/models/adult's"
    body = {"version": 1, "reason": "best of the week", "expected": 0}
    assert client.post(f"{path}/aliases/champion", body, method="PUT")["aliases"] == ["champion"]
    assert client.post(f"{path}/aliases/champion", body, status=409, method="PUT")
    assert client.post(f"{path}/aliases/x", {"version": 9}, status=404, method="PUT")
    assert client.post(f"{path}/versions/1/stage", {"stage": "Staging"})["stage"] == "Staging"
    detail = client.get(path)
    assert detail["model"]["aliases"] == {"champion": 1}
    reasons = {event["action"]: event["reason"] for event in detail["events"]}
    assert reasons["alias.set"] == "best of the week"
    assert "version.stage" in reasons
    assert client.post(f"{path}/aliases/champion?reason=bad", method="DELETE")["changed"] == 1
    client.get(f"{path}/versions/0", status=400)
    client.get(f"{path}/versions/7", status=404)
    linked = client.get(f"/api/v1/logged-models/{logged.id}")
    assert linked["versions"] == [{"name": "adult's", "version": 1, "aliases": []}]
    page = client.get(f"/api/v1/logged-models?run={logged.source_run_id}")
    assert [one["id"] for one in page["items"]] == [logged.id]


def test_a_policy_of_gates_holds_for_aliases_and_stages(client, model, served) -> None:
    path = "/api/v1/models/adult's"
    served.tracking.registered.set_tag("adult's", "clew.gates", "quality")
    client.post(f"{path}/aliases/champion", {"version": 1}, status=409, method="PUT")
    client.post(f"{path}/versions/1/stage", {"stage": "Production"}, status=409)
    told = {"version": 1, "reason": "override: the labels are late"}
    assert client.post(f"{path}/aliases/champion", told, method="PUT")["aliases"] == ["champion"]
    told = {"stage": "Production", "reason": "override: the labels are late"}
    assert client.post(f"{path}/versions/1/stage", told)["stage"] == "Production"


def test_registered_models_are_described_renamed_removed(client, model) -> None:
    path = "/api/v1/models/adult's"
    tags = {"set": {"x": "1"}, "remove": ["none"]}
    assert client.post(f"{path}/tags", tags, method="PATCH")["model"]["tags"] == {"x": "1"}
    new = {"description": "better"}
    one = client.post(f"{path}/versions/1", new, method="PATCH")
    assert one["description"] == "better"
    tags = {"set": {}, "remove": ["a"]}
    assert client.post(f"{path}/versions/1/tags", tags, method="PATCH")["tags"] == {}
    renamed = client.post(path, {"name": "b.c-d", "description": "new"}, method="PATCH")
    assert (renamed["model"]["name"], renamed["model"]["description"]) == ("b.c-d", "new")
    assert client.get("/api/v1/models?text=new")["total"] == 1
    assert client.get("/api/v1/models?filter=name%3D'b.c-d'")["rows"][0]["versions"] == 1
    assert client.get("/api/v1/home")["models"][0]["name"] == "b.c-d"
    client.post("/api/v1/models/b.c-d/versions/1?reason=wrong%20rows", method="DELETE")
    (gone,) = client.get("/api/v1/removed-models?name=b.c-d")["items"]
    assert (gone["name"], gone["version"], gone["reason"]) == ("b.c-d", 1, "wrong rows")
    back = client.post("/api/v1/models/b.c-d/versions/1/restore", {"reason": "no, right"})
    assert (back["version"], back["description"]) == (1, "better")
    client.post("/api/v1/models/b.c-d?reason=old", method="DELETE")
    assert client.get("/api/v1/models")["total"] == 0
    assert client.get("/api/v1/models/b.c-d", status=404)
    (gone,) = client.get("/api/v1/removed-models")["items"]
    assert (gone["version"], gone["versions"], gone["reason"]) == (None, 1, "old")
    back = client.post("/api/v1/models/b.c-d/restore", {})
    assert back["model"]["tags"] == {"x": "1"} and len(back["versions"]) == 1
    trail = [event["action"] for event in back["events"]]
    assert trail[:3] == ["model.restore", "model.delete", "version.restore"]
    client.post("/api/v1/models/b.c-d/restore", {}, status=409)
    client.post("/api/v1/models/none/restore", {}, status=404)


def test_datasets(client, served) -> None:
    schema = json.dumps({"mlflow_colspec": [{"name": "age", "type": "long", "required": True}]})
    profile = json.dumps({"num_rows": 5, "columns": {"age": {"mean": 3.5, "histogram": [
        {"label": "0-9", "low": 0, "high": 9, "count": 5}]}}})  # fmt: skip
    dataset = Dataset(name="rows/adult", digest="d1", schema=schema, profile=profile, source="x")
    run = served.tracking.runs.create("0", name="reader")
    inputs = [DatasetInput(dataset, {"mlflow.data.context": "training"})]
    served.tracking.logging.log_inputs(run.id, datasets=inputs)
    (row,) = client.get("/api/v1/datasets?text=adult")["rows"]
    assert (row["name"], row["versions"], row["runs"]) == ("rows/adult", 1, 1)
    (version,) = client.get("/api/v1/datasets/rows%2Fadult")["versions"]
    assert (version["digest"], version["rows"], version["columns"]) == ("d1", 5, 1)
    detail = client.get("/api/v1/datasets/rows%2Fadult/d1")
    (column,) = detail["columns"]
    assert (column["name"], column["type"], column["nullable"]) == ("age", "long", False)
    assert column["statistics"] == {"mean": 3.5} and column["histogram"][0]["count"] == 5
    assert detail["figures"] == {"num_rows": 5.0}
    assert [(one["run_id"], one["context"]) for one in detail["runs"]] == [(run.id, "training")]
    graph = client.get(f"/api/v1/lineage?focus={version['content']}")
    assert {node["kind"] for node in graph["nodes"]} == {"value", "run"}
    client.get("/api/v1/datasets/none", status=404)
    client.get("/api/v1/datasets/rows%2Fadult/none", status=404)


def put(served, run: str, path: str, content: bytes) -> None:
    writer = served.tracking.artifacts.writer(Owner("run", run), path)
    writer.write(content)
    writer.commit()


def test_files_are_listed_previewed_and_sent_in_parts(client, served) -> None:
    run = served.tracking.runs.create("0").id
    put(served, run, "a.csv", b"x,y\n1,2\n3,\n")
    put(served, run, "deep/notes.md", b"# Hi")
    put(served, run, "deep/t.json", b'{"columns": ["a"], "data": [[1], [NaN]]}')
    put(served, run, "page.html", b"<script>alert(1)</script>")
    put(served, run, "p.png", b"\x89PNG")
    put(served, run, "raw.bin", b"\0\1\2\xff")
    put(served, run, "empty", b"")
    base = f"owner=run&id={run}"
    items = client.get(f"/api/v1/artifacts?{base}")["items"]
    assert [one["path"] for one in items][:2] == ["deep", "a.csv"]
    shown = {
        name: client.get(f"/api/v1/artifacts/preview?{base}&path={name}")
        for name in ("a.csv", "deep/notes.md", "deep/t.json", "p.png", "raw.bin", "empty")
    }
    assert [one["kind"] for one in shown.values()] == [
        "table", "markdown", "table", "image", "binary", "text",
    ]  # fmt: skip
    assert shown["a.csv"]["rows"] == [["1", "2"], ["3", ""]]
    assert shown["deep/t.json"]["rows"] == [[1.0], ["NaN"]]
    cut = client.get(f"/api/v1/artifacts/preview?{base}&path=a.csv&rows=1")
    assert cut["truncated"] and len(cut["rows"]) == 1 and cut["total_rows"] == 2
    path = f"/api/v1/artifacts/content?{base}&path="
    page = client("GET", f"{path}page.html")
    assert page.headers["content-disposition"].startswith("attachment")
    assert page.headers["content-security-policy"].startswith("sandbox")
    for asked, status, body in (
        ("bytes=0-2", 206, b"x,y"),
        ("bytes=8-", 206, b"3,\n"),
        ("bytes=-3", 206, b"3,\n"),
        ("bytes=0-999", 206, b"x,y\n1,2\n3,\n"),
        ("bytes=99-", 416, None),
        ("bytes=5-2", 416, None),
        ("bytes=0-1,3-4", 200, b"x,y\n1,2\n3,\n"),
        ("lines=1-2", 200, b"x,y\n1,2\n3,\n"),
    ):
        answer = client("GET", f"{path}a.csv", headers={"range": asked})
        assert answer.status == status, asked
        assert body is None or answer.body == body, asked
    whole = client("GET", f"{path}a.csv")
    again = client("GET", f"{path}a.csv", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert client("HEAD", f"{path}a.csv").headers["content-length"] == "11"
    assert client("GET", f"{path}empty").body == b""
    for wrong in ("../etc/passwd", "%2Fetc%2Fpasswd", "deep", "none", "..%2f..", ""):
        assert client("GET", path + wrong).status in (400, 404), wrong
    assert client("GET", "/api/v1/artifacts?owner=run&id=none").status == 404


def test_search_finds_all_kinds(client, served, model) -> None:
    logged, _ = model
    found = {hit["kind"] for hit in client.get("/api/v1/search?q=adult")["items"]}
    assert {"model", "version"} <= found
    runs = client.get(f"/api/v1/search?q={logged.source_run_id}")["items"]
    assert [(hit["kind"], hit["title"]) for hit in runs] == [("run", "trained")]
    assert client.get("/api/v1/search?q=trai%20ned")["items"][0]["kind"] == "run"
    assert client.get("/api/v1/search?q=%25")["items"] == []
    assert client.get("/api/v1/search?q=%20")["items"] == []


def test_views_are_short_links_within_the_ui(client) -> None:
    one = client.post("/api/v1/views", {"location": "/e/1?a=b", "name": "mine"}, status=201)
    client.post("/api/v1/views", {"location": "/"}, status=201)
    assert [view["id"] for view in client.get("/api/v1/views")["items"]] == [one["id"]]
    assert client.get(f"/api/v1/views/{one['id']}")["location"] == "/e/1?a=b"
    client.post(f"/api/v1/views/{one['id']}", method="DELETE")
    client.get(f"/api/v1/views/{one['id']}", status=404)
    for wrong in ("//evil.example", "https://evil.example", "/\\evil", "javascript:x", ""):
        assert client.post("/api/v1/views", {"location": wrong}, status=400), wrong


def test_settings(client) -> None:
    found = client.get("/api/v1/settings")
    assert (
        found["store"]["kind"] in ("sqlite", "postgresql") and found["store"]["database_bytes"] > 0
    )
    assert found["server"]["tracking_uri"] == "http://127.0.0.1:5080"
    assert not found["server"]["needs_token"]


@pytest.fixture
def guarded(fresh_client):
    """Clients of a server that demands tokens, by their scope."""
    served = open_served(load(), address="http://box:5080", needs_token=True)
    server = assemble(served)
    clients = {None: fresh_client(server, {"host": "box:5080"})}
    for scope in ("read", "log", "promote", "admin"):
        _, secret = access.make(served.tokens, scope, [scope])
        bearer = {"host": "box:5080", "authorization": f"Bearer {secret}"}
        clients[scope] = fresh_client(server, bearer)
    return clients


def test_beyond_this_machine_a_token_is_demanded(guarded) -> None:
    nobody = guarded[None]
    answer = nobody("GET", "/api/v1/runs")
    assert (answer.status, answer.json()["kind"]) == (401, "NoToken")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert nobody("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}).status == 401
    assert nobody("GET", "/health").status == 200
    assert nobody.get("/api/v1/session") == {"actor": "", "scopes": [], "needs_token": True}
    wrong = {"authorization": "Bearer clew_aaaaaaaa_" + "x" * 40}
    assert nobody("GET", "/api/v1/runs", headers=wrong).status == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "least"),
    [
        ("GET", "/api/v1/runs", None, 0),
        ("POST", "/api/v1/experiments", {"name": "x"}, 1),
        ("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}, 1),
        ("POST", "/api/v1/models", {"name": "m"}, 1),
        ("PUT", "/api/v1/models/m/aliases/a", {"version": 1}, 2),
        ("DELETE", "/api/v1/models/m", None, 2),
        ("GET", "/api/v1/tokens", None, 3),
    ],
)
def test_scopes_include_those_before_them(guarded, method, path, body, least) -> None:
    for level, scope in enumerate(("read", "log", "promote", "admin")):
        status = guarded[scope](method, path, body).status
        assert (status == 403) == (level < least), (scope, status)


def test_who_did_it_stands_in_the_trail(guarded) -> None:
    guarded["log"].post("/api/v1/experiments", {"name": "x"}, status=201)
    (event,) = guarded["read"].get("/api/v1/audit")["items"]
    assert (event["actor"], event["action"]) == ("log", "experiment.create")


def test_a_token_can_be_a_password_or_a_cookie(guarded, fresh_client) -> None:
    import base64

    secret = guarded["log"].headers["authorization"].removeprefix("Bearer ")
    nobody = guarded[None]
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    assert nobody("GET", "/api/v1/runs", headers={"authorization": f"Basic {basic}"}).status == 200
    answer = nobody("POST", "/api/v1/session", {"token": secret})
    assert answer.json()["scopes"] == ["read", "log"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    kept = {"cookie": "a=b; " + cookie.partition(";")[0]}
    assert nobody("GET", "/api/v1/runs", headers=kept).status == 200
    assert nobody.get("/api/v1/session", headers=kept)["actor"] == "log"
    gone = nobody("DELETE", "/api/v1/session").headers["set-cookie"]
    assert "Max-Age=0" in gone
    assert nobody("POST", "/api/v1/session", {"token": "nonsense"}).status == 401


def test_a_revoked_or_expired_token_is_refused(guarded, served, fresh_client) -> None:
    made = guarded["admin"].post("/api/v1/tokens", {"name": "ci", "scopes": ["read"]}, status=201)
    use = {"authorization": f"Bearer {made['secret']}"}
    assert guarded[None]("GET", "/api/v1/runs", headers=use).status == 200
    listed = guarded["admin"].get("/api/v1/tokens")["items"]
    assert made["secret"] not in json.dumps(listed)
    assert next(t for t in listed if t["name"] == "ci")["last_used_ms"] is not None
    guarded["admin"].post(f"/api/v1/tokens/{made['token']['id']}", method="DELETE")
    assert guarded[None]("GET", "/api/v1/runs", headers=use).status == 401
    _, secret = access.make(served.tokens, "old", ["read"], expires_days=1e-9)
    assert access.present(served.tokens, secret) is None


def test_what_mattered_in_a_study_is_computed_once(client, served) -> None:
    from sklearn.datasets import make_classification
    from sklearn.linear_model import LogisticRegression

    import clew

    X, y = make_classification(60, random_state=0)
    space = {"C": [1e-4, 1e-2, 1.0], "fit_intercept": [True, False], "max_iter": [150, 300]}
    search = clew.Search(LogisticRegression(), space, cv=3).fit(X, y)
    path = f"/api/v1/studies/{search.study_id_}/importance"
    found = client.get(path)
    assert (found["metric"], found["trials"]) == ("score", 12)
    assert {one["param"] for one in found["params"]} == set(space)
    assert found["params"][0]["param"] == "C"
    history = served.store.runtime.store.history
    assert len(history("clew.select:importance", 10)) == 1
    assert client.get(path) == found
    assert len(history("clew.select:importance", 10)) == 1
    assert client.get(f"{path}?metric=none", status=400)["expected"] == "score"
    (study,) = client.get("/api/v1/studies")["rows"]
    assert client.get("/api/v1/lineage?focus=" + study["id"] + "&down=1")["nodes"]
