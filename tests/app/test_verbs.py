"""What users ask of a store: why, diff, impact, lineage, trace, rebuild."""

from __future__ import annotations

from pathlib import Path

import pytest

import clew
from clew.errors import Ambiguous, InvalidParameter, NotFound
from clew.lineage import trace


def changed(run: str, step: str) -> list[str]:
    (why,) = clew.open().why(run, step)
    return [difference.field for difference in why.changed]


def test_a_first_run_is_new(pipeline) -> None:
    pipeline().flow()
    for why in clew.open().why():
        assert why.use.decision == "computed"
        assert why.compared is None
        assert why.text()


def test_why_names_the_argument_that_changed(pipeline) -> None:
    module = pipeline()
    module.flow()
    run = module.flow.run(by=3)
    (why,) = clew.open().why(run.id, "scale")
    assert [str(d) for d in why.changed] == ["input by: 2 → 3"]
    assert "by: 2 → 3" in why.text()
    assert clew.open().why(run.id, "load")[0].use.decision != "computed"


def test_why_names_the_helper_that_was_edited(pipeline) -> None:
    pipeline().flow()
    run = pipeline("features.py", "[0, value, 100]", "[0, value, 3]").flow.run()
    assert changed(run.id, "scale") == ["code"]
    (why,) = clew.open().why(run.id, "scale")
    assert "clip" in why.text()


def test_why_names_the_constant_with_both_values(pipeline) -> None:
    pipeline().flow()
    run = pipeline("features.py", "OFFSET = 1", "OFFSET = 5").flow.run()
    (why,) = clew.open().why(run.id, "scale")
    assert "OFFSET" in why.text()
    assert "1" in why.text()
    assert "5" in why.text()


def test_why_names_the_seed(pipeline) -> None:
    pipeline().flow()
    run = pipeline("pipeline.py", "seed=3", "seed=4").flow.run()
    assert "seed" in changed(run.id, "noisy")


def test_why_names_the_file_that_changed(pipeline) -> None:
    module = pipeline()
    module.flow()
    Path("rows.txt").write_text("4\n5\n6\n")
    run = module.flow.run()
    assert changed(run.id, "load") == ["file rows.txt"]


def test_why_says_what_was_not_needed(pipeline) -> None:
    module = pipeline()
    module.flow()
    run = module.flow.run()
    reasons = {why.use.label: why.use.reason.code for why in clew.open().why(run.id)}
    assert reasons["score"] == "same-call"
    assert reasons["load"] == "not-needed"


def test_diff_of_equal_runs_is_empty(pipeline) -> None:
    module = pipeline()
    one, two = module.flow.run(), module.flow.run()
    assert clew.open().diff(one.id, two.id) == ()


@pytest.mark.parametrize(
    ("edit", "operation", "field"),
    [
        (("features.py", "OFFSET = 1", "OFFSET = 2"), "pipeline:scale", "code"),
        (("pipeline.py", "seed=3", "seed=4"), "pipeline:noisy", "code"),
        (("rows.txt", "1\n2", "7\n2"), "pipeline:load", "file rows.txt"),
        (("pipeline.py", "by: int = 2", "by: int = 5"), "pipeline:scale", "input by"),
    ],
    ids=["constant", "seed", "file", "argument"],
)
def test_diff_names_the_first_node_that_parts(pipeline, edit, operation: str, field: str) -> None:
    one = pipeline().flow.run()
    two = pipeline(*edit).flow.run()
    partings = clew.open().diff(one.id, two.id)
    assert [parting.operation for parting in partings] == [operation]
    fields = [difference.field for difference in partings[0].why]
    assert field in fields or (operation == "pipeline:noisy" and "seed" in fields)


def test_diff_of_two_steps(pipeline) -> None:
    module = pipeline()
    one, two = module.flow.run(), module.flow.run(by=7)
    (parting,) = clew.open().diff(f"{one.id}:score", f"{two.id}:score")
    assert parting.operation == "pipeline:scale"


@pytest.mark.parametrize("spelling", ["rows.txt", "./rows.txt", "absolute"])
def test_impact_of_a_file(pipeline, spelling: str) -> None:
    pipeline().flow()
    asked = str(Path("rows.txt").absolute()) if spelling == "absolute" else spelling
    found = clew.open().impact(asked)
    assert [node.operation for node in found.direct] == ["pipeline:load"]
    assert "pipeline:score" in {node.operation for node in found.downstream}


def test_impact_of_a_file_of_code(pipeline) -> None:
    pipeline().flow()
    found = clew.open().impact("features.py")
    assert [node.operation for node in found.direct] == ["pipeline:scale"]
    assert "pipeline:score" in {node.operation for node in found.downstream}
    assert len(clew.open().impact("pipeline.py").direct) > 1
    with pytest.raises(NotFound):
        clew.open().impact("unused.py")


def test_impact_of_a_node_and_of_a_library(pipeline) -> None:
    run = pipeline().flow.run()
    store = clew.open()
    below = store.impact(run.use("noisy").node.hex())
    operations = {node.operation for node in below.downstream}
    assert {"pipeline:split", "pipeline:score"} <= operations
    assert "pipeline:load" not in operations
    users = store.impact("python")
    assert {node.operation for node in users.direct} >= {"pipeline:scale"}
    with pytest.raises(NotFound):
        store.impact("no-such-thing")


def test_impact_reaches_models_and_versions(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("sklearn")
    from sklearn.linear_model import Ridge

    from clew.registry import register

    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("0 0\n1 1\n2 3\n")
    made = tmp_path / "impact_flow.py"
    made.write_text(
        "import clew\n"
        "from sklearn.linear_model import Ridge\n"
        "@clew.step\n"
        "def load(name: str) -> list:\n"
        "    with open(name) as file:\n"
        "        return [[float(x) for x in line.split()] for line in file]\n"
        "@clew.step\n"
        "def fit(rows: list) -> Ridge:\n"
        "    return Ridge().fit([row[:1] for row in rows], [row[1] for row in rows])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import impact_flow

    with clew.run(output=False):
        logged = clew.log_model(impact_flow.fit(impact_flow.load("rows.csv")), name="line")
        other = clew.log_model(Ridge(alpha=2.0).fit([[0.0], [1.0]], [0.0, 1.0]), name="other")
    version = register(f"models:/{logged.id}", "line", alias="champion")
    register(f"models:/{other.id}", "other")
    found = clew.open().impact("rows.csv")
    assert logged.id in [model.id for model in found.models]
    assert (version.name, version.version) in [(one.name, one.version) for one in found.versions]
    assert found.versions[0].aliases == ("champion",)
    nothing = clew.open().impact(clew.open().node("last").outputs[0].value.hex()[:20])
    assert nothing.direct


def test_lineage_up_and_down(pipeline) -> None:
    run = pipeline().flow.run()
    store = clew.open()
    up = store.lineage(f"{run.id}:noisy")
    assert {node.operation for node in up.nodes} == {
        "pipeline:noisy",
        "pipeline:scale",
        "pipeline:load",
    }
    near = store.lineage(f"{run.id}:score", depth=1)
    assert "pipeline:load" not in {node.operation for node in near.nodes}
    down = store.lineage(f"{run.id}:load", up=False, down=True)
    assert "pipeline:score" in {node.operation for node in down.nodes}


def test_paths_lead_from_data_to_result(pipeline) -> None:
    run = pipeline().flow.run()
    store = clew.open()
    paths = store.paths(f"{run.id}:load", f"{run.id}:score")
    # Train and test rows are two ways from the split to the score.
    assert len(paths) == 2
    names = {store.node(id.hex()).operation for path in paths for id in path}
    assert {"pipeline:load", "pipeline:scale", "pipeline:noisy", "pipeline:split"} <= names


def test_a_trace_can_be_parsed(pipeline) -> None:
    run = pipeline().flow.run()
    text = clew.open().trace(run.id)
    parsed = trace.parse(text)
    assert {node.operation for node in parsed} >= {"pipeline:load", "pipeline:score"}
    assert trace.serialise(parsed) == text


def test_rebuild_is_identical(pipeline) -> None:
    run = pipeline().flow.run()
    rebuilt = clew.open().rebuild(run.id)
    assert rebuilt.identical, rebuilt.difference
    assert rebuilt.executed >= 5


def test_rebuild_of_a_step_that_prints_half_a_line(pipeline) -> None:
    run = pipeline("features.py", "return clip", "print(by, end=''); return clip").flow.run()
    assert clew.open().rebuild(run.id).identical


def test_a_draw_without_a_seed_is_told(pipeline) -> None:
    module = pipeline("pipeline.py", "@clew.step(seed=3)", "@clew.step")
    module.flow()
    run = module.flow.run()
    (why,) = clew.open().why(run.id, "noisy")
    assert "random without a seed" in why.text()
    rebuilt = clew.open().rebuild(run.id)
    assert rebuilt.operation == "pipeline:noisy"
    assert "random without a seed" in rebuilt.difference


def test_rebuild_of_one_step_executes_only_what_it_came_from(pipeline) -> None:
    run = pipeline().flow.run()
    rebuilt = clew.open().rebuild(f"{run.id}:scale")
    assert rebuilt.identical, rebuilt.difference
    assert rebuilt.executed == 2


@pytest.mark.parametrize(
    ("edit", "operation", "said"),
    [
        (("features.py", "row * by", "row * by * 2"), "pipeline:scale", "scaled"),
        (("rows.txt", "1\n2", "9\n2"), "pipeline:load", "rows.txt"),
        (("pipeline.py", "def score(", "def scored("), "pipeline:score", "not a step"),
    ],
    ids=["helper", "file", "step gone"],
)
def test_rebuild_names_the_first_node_that_differs(
    pipeline, edit, operation: str, said: str
) -> None:
    run = pipeline().flow.run()
    file, old, new = edit
    Path(file).write_text(Path(file).read_text().replace(old, new))
    rebuilt = clew.open().rebuild(run.id)
    assert not rebuilt.identical
    assert rebuilt.operation == operation
    assert said in rebuilt.difference


def test_names_of_things(pipeline) -> None:
    run = pipeline().flow.run()
    store = clew.open()
    assert store.run() == store.run("last") == store.run(run.id) == store.run(run.id[:14])
    node = store.node(f"{run.id}:score")
    assert store.node(node.id.hex()) == store.node(node.id.hex()[:10]) == node
    assert store.value(run.id) == run.result
    assert store.value(f"{run.id}:score") == run.result["score"]
    assert store.value(node.output("result").hex()) == run.result["score"]
    for unknown in ("ffffffffffff", f"{run.id}:nothing", "ab"):
        with pytest.raises(NotFound):
            store.node(unknown)
    with pytest.raises(NotFound, match="not a run"):
        store.run(node.id.hex())


def test_a_short_id_of_several_things_is_ambiguous(pipeline) -> None:
    module = pipeline()
    one, two = module.flow.run(), module.flow.run()
    common = "".join(a for a, b in zip(one.id, two.id, strict=True) if a == b)
    common = next(one.id[:n] for n in range(26, 0, -1) if two.id.startswith(one.id[:n]))
    if len(common) >= 4:
        with pytest.raises(Ambiguous) as caught:
            clew.open().run(common)
        assert one.id[:16] in str(caught.value)


def test_an_empty_store_says_so() -> None:
    with pytest.raises(NotFound, match="no runs"):
        clew.open().run()


def test_runs_come_newest_first_and_by_flow(pipeline) -> None:
    module = pipeline()
    ids = [module.flow.run().id for _ in range(3)]
    store = clew.open()
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(limit=1)] == ids[-1:]
    assert store.runs("pipeline:flow") == store.runs()
    assert store.runs("pipeline:other") == []


def test_secrets_stay_out_of_the_store(pipeline, monkeypatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2-env")

    @clew.step
    def connect(url: str, password: str) -> int:
        clew.log_param("api_key", "hunter" + str(2))
        return len(clew.env("API_TOKEN") or "") + len(url) + len(password)

    @clew.step
    def refuse(rows: int) -> None:
        raise ConnectionError(f"cannot reach postgres://ada:{'hunter' + str(2)}@host/db")

    @clew.flow
    def flow(password: str, url: str) -> None:
        refuse(connect(url, password))

    with pytest.raises(ConnectionError):
        flow.run("hunter2-password", "https://ada:hunter2-url@host/db")
    store = clew.open()
    stored = b"".join(path.read_bytes() for path in store.path.rglob("*") if path.is_file())
    assert b"hunter2" not in stored
    assert "[redacted]" in store.run().arguments
    assert "[redacted]" in (store.run().error or "")


def test_a_version_of_a_model_is_a_name_like_any_other() -> None:
    from sklearn.linear_model import Ridge

    from clew.registry import register

    with clew.run():
        logged = clew.log_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
    register(logged, "line", alias="champion")
    store = clew.open()
    by_name = store.lineage("line@champion", up=True)
    assert [node.id for node in by_name.nodes] == [
        node.id for node in store.lineage(str(logged.content), up=True).nodes
    ]
    with pytest.raises(NotFound):
        store.lineage("line/2", up=True)
    with pytest.raises(InvalidParameter, match="alias nobody"):
        store.lineage("line@nobody", up=True)
