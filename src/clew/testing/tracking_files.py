"""What every store must do with files: artifacts, and logged models that are made of them.

Subclass the suites in a test module and give the fixture ``tracking`` (`clew.testing.tracking`).
"""

from __future__ import annotations

import math

import pytest

from clew.entities import Artifact, LoggedModel, Metric, Owner, Trace
from clew.errors import (
    AlreadyExists,
    ClewError,
    InvalidParameter,
    InvalidState,
    NotFound,
)
from clew.lineage.canonical import Digest, ValueId
from clew.testing.tracking import Ports

BAD_PATHS = (
    "",
    "/etc/passwd",
    "..",
    "../up",
    "a/../b",
    "a/./b",
    "./a",
    "a//b",
    "a/",
    "a\\b",
    "nul\0",
    "line\nbreak",
    "bell\x07",
    "\ud800",
    "x" * 256,
    "/".join(["y" * 200] * 30),
)


def put(tracking: Ports, owner: Owner, path: str, content: bytes) -> Artifact:
    """Store a file in two pieces."""
    writer = tracking.artifacts.writer(owner, path)
    half = len(content) // 2
    writer.write(content[:half])
    writer.write(memoryview(content)[half:])
    return writer.commit()


class ArtifactsSuite:
    """Tests of `Artifacts`; the subclass provides ``tracking``."""

    @pytest.fixture
    def owner(self, tracking: Ports) -> Owner:
        """Return a run."""
        return Owner("run", tracking.runs.create("0").id)

    @pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 3])
    def test_a_file_comes_back(self, tracking: Ports, owner: Owner, size: int) -> None:
        """Whole, in parts, and again; with its size and what its name suggests."""
        content = bytes(n * 7 % 251 for n in range(1024)) * (size // 1024 + 1)
        content = content[:size]
        made = put(tracking, owner, "plots/roc.png", content)
        assert (made.size_bytes, made.media_type) == (size, "image/png")
        assert tracking.artifacts.get(owner, "plots/roc.png") == made
        for start, stop in ((0, None), (0, 1), (size // 2, size // 2 + 10), (size, None)):
            found = b"".join(tracking.artifacts.read(made, start, stop))
            assert found == content[start:stop]
        assert b"".join(tracking.artifacts.read(made)) == content

    def test_equal_content_has_one_id(self, tracking: Ports, owner: Owner) -> None:
        """Under any path of any owner."""
        other = Owner("folder", "shared/plots")
        first = put(tracking, owner, "a.txt", b"the same")
        second = put(tracking, other, "b/c.txt", b"the same")
        third = put(tracking, other, "d.txt", b"another")
        assert first.content == second.content != third.content

    def test_folders_are_listed(self, tracking: Ports, owner: Owner) -> None:
        """One level at a time, by path; names that only begin alike are apart."""
        for path in ("b.txt", "a/x.txt", "a/deep/y.txt", "a0", "a!b"):
            put(tracking, owner, path, b"x")

        def names(path: str = "") -> list[tuple[str, bool]]:
            return [(one.path, one.is_folder) for one in tracking.artifacts.list(owner, path)]

        assert names() == [("a", True), ("a!b", False), ("a0", False), ("b.txt", False)]
        assert names("a") == [("a/deep", True), ("a/x.txt", False)]
        assert names("nowhere") == []
        assert tracking.artifacts.get(owner, "a/deep").is_folder
        with pytest.raises(NotFound):
            tracking.artifacts.get(owner, "nowhere")
        with pytest.raises(InvalidParameter):
            tracking.artifacts.read(tracking.artifacts.get(owner, "a"))

    def test_a_path_is_a_file_or_a_folder(self, tracking: Ports, owner: Owner) -> None:
        """Not both; a file is replaced."""
        put(tracking, owner, "a/b", b"1")
        for path in ("a", "a/b/c"):
            with pytest.raises(InvalidParameter, match="Invalid artifact path"):
                put(tracking, owner, path, b"x")
        put(tracking, owner, "a/b", b"2")
        assert b"".join(tracking.artifacts.read(tracking.artifacts.get(owner, "a/b"))) == b"2"

    def test_files_are_removed(self, tracking: Ports, owner: Owner) -> None:
        """One, a folder, or all; others stay."""
        for path in ("a/x", "a/y", "ab", "c"):
            put(tracking, owner, path, b"x")
        assert tracking.artifacts.delete(owner, "a") == 2
        assert [one.path for one in tracking.artifacts.list(owner)] == ["ab", "c"]
        assert tracking.artifacts.delete(owner, "nowhere") == 0
        assert tracking.artifacts.delete(owner) == 2
        assert tracking.artifacts.list(owner) == ()

    def test_nothing_is_seen_before_its_end(self, tracking: Ports, owner: Owner) -> None:
        """Nor of what is dropped."""
        writer = tracking.artifacts.writer(owner, "a")
        writer.write(b"half")
        assert tracking.artifacts.list(owner) == ()
        writer.abort()
        writer.abort()
        with pytest.raises(ClewError):
            writer.commit()
        assert tracking.artifacts.list(owner) == ()

    def test_stored_content_is_linked(self, tracking: Ports, owner: Owner) -> None:
        """Without its bytes; content that is not there is refused."""
        made = put(tracking, owner, "a", b"content")
        assert made.content is not None
        linked = tracking.artifacts.link(owner, "b/c", bytes.fromhex(made.content))  # type: ignore[arg-type]
        assert b"".join(tracking.artifacts.read(linked)) == b"content"
        with pytest.raises(NotFound):
            tracking.artifacts.link(owner, "d", bytes(20))  # type: ignore[arg-type]

    @pytest.mark.parametrize("path", BAD_PATHS, ids=lambda path: ascii(path)[:20])
    def test_paths_cannot_lead_out(self, tracking: Ports, owner: Owner, path: str) -> None:
        """Nor fool whoever lists or unpacks them."""
        with pytest.raises(ClewError):
            tracking.artifacts.writer(owner, path)
        with pytest.raises(ClewError):
            tracking.artifacts.get(owner, path)
        if path:
            with pytest.raises(ClewError):
                tracking.artifacts.list(owner, path)
            with pytest.raises(ClewError):
                tracking.artifacts.delete(owner, path)
            with pytest.raises(ClewError):
                tracking.artifacts.writer(Owner("folder", path), "x")

    def test_owners_must_be_there(self, tracking: Ports) -> None:
        """A run or model that is not there owns nothing."""
        for owner in (Owner("run", "nobody"), Owner("model", "m-" + "0" * 32)):
            with pytest.raises(NotFound):
                tracking.artifacts.writer(owner, "a")
        with pytest.raises(InvalidParameter):
            tracking.artifacts.writer(Owner("run", "../x"), "a")

    def test_purging_a_run_removes_its_files(self, tracking: Ports, owner: Owner) -> None:
        """The bytes of others stay."""
        put(tracking, owner, "a", b"shared")
        other = Owner("run", tracking.runs.create("0").id)
        kept = put(tracking, other, "a", b"shared")
        tracking.runs.delete(owner.id)
        tracking.trash.purge_runs([owner.id])
        assert tracking.artifacts.list(owner) == ()
        assert b"".join(tracking.artifacts.read(kept)) == b"shared"


class LoggedModelsSuite:
    """Tests of `LoggedModels`; the subclass provides ``tracking``."""

    def model(self, tracking: Ports, name: str = "lr", **fields: object) -> LoggedModel:
        """Make a model."""
        return tracking.models.create("0", name=name, **fields)  # type: ignore[arg-type]

    def test_a_model_comes_back(self, tracking: Ports) -> None:
        """Pending, with params and tags."""
        made = self.model(tracking, params={"c": "1"}, tags={"t": "x"}, model_type="sklearn")
        assert tracking.models.get(made.id) == made
        assert (made.status, made.params, made.tags) == ("pending", {"c": "1"}, {"t": "x"})
        assert made.id.startswith("m-")
        assert tracking.models.create("0").name
        with pytest.raises(AlreadyExists):
            self.model(tracking, id=made.id)
        with pytest.raises(NotFound, match="not found"):
            tracking.models.get("m-nothing")

    def test_models_are_found_by_content(self, tracking: Ports) -> None:
        """Active ones alone; a time of making is kept."""
        made = [self.model(tracking, created_ms=n) for n in range(3)]
        for model in made:
            put(tracking, Owner("model", model.id), "weights", b"w")
            tracking.models.finalize(model.id, "ready")
        found = tracking.models.get(made[0].id)
        assert found.created_ms == 0
        content = ValueId(Digest(bytes.fromhex(found.content or "")))
        tracking.models.delete(made[1].id)
        assert [one.id for one in tracking.search.models_of([content])] == [
            made[0].id,
            made[2].id,
        ]
        assert tracking.search.models_of([]) == ()
        assert tracking.search.models_of([ValueId(Digest(bytes(20)))]) == ()

    def test_a_ready_model_has_a_content(self, tracking: Ports) -> None:
        """That of its files; equal files, equal content."""
        contents = []
        for second in (b"weights", b"weights", b"others"):
            run = tracking.runs.create("0").id
            made = self.model(tracking, source_run_id=run)
            put(tracking, Owner("model", made.id), "MLmodel", b"flavors: {}")
            put(tracking, Owner("model", made.id), "model.skops", second)
            ready = tracking.models.finalize(made.id, "ready")
            assert ready.status == "ready"
            contents.append(ready.content)
        assert contents[0] == contents[1] != contents[2]
        assert None not in contents

    def test_tags_and_params_are_added(self, tracking: Ports) -> None:
        """Params are fixed."""
        made = self.model(tracking, params={"a": "1"})
        tracking.models.log_params(made.id, {"a": "1", "b": "2"})
        with pytest.raises(InvalidParameter, match="Changing param values"):
            tracking.models.log_params(made.id, {"c": "3", "a": "9"})
        tracking.models.set_tags(made.id, {"t": "1", "u": "2"})
        tracking.models.delete_tag(made.id, "t")
        with pytest.raises(NotFound):
            tracking.models.delete_tag(made.id, "t")
        found = tracking.models.get(made.id)
        assert (found.params, found.tags) == ({"a": "1", "b": "2"}, {"u": "2"})

    def test_deleted_models_are_hidden(self, tracking: Ports) -> None:
        """Until they are asked for, or purged."""
        made = self.model(tracking)
        with pytest.raises(InvalidState):
            tracking.trash.purge_models([made.id])
        tracking.models.delete(made.id)
        with pytest.raises(NotFound):
            tracking.models.get(made.id)
        assert tracking.models.get(made.id, allow_deleted=True).lifecycle == "deleted"
        assert tracking.search.models(["0"]).items == ()
        assert tracking.trash.purge_models([made.id]) == 1
        with pytest.raises(NotFound):
            tracking.models.get(made.id, allow_deleted=True)

    @pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "a%b", "a'b", 'a"b'])
    def test_bad_names_are_refused(self, tracking: Ports, name: str) -> None:
        """In MLflow's words."""
        with pytest.raises(InvalidParameter, match="Invalid model name"):
            self.model(tracking, name)

    def test_models_are_found(self, tracking: Ports) -> None:
        """By attributes, params, tags and metrics, of one dataset if asked."""
        run = tracking.runs.create("0").id
        ids = [self.model(tracking, f"n{n}", params={"c": str(n)}).id for n in range(4)]
        for n, id in enumerate(ids[:3]):
            value = math.nan if n == 2 else float(n)
            tracking.logging.log(
                run,
                metrics=[
                    Metric("auc", value, n, 0, id, "train", "d1"),
                    Metric("auc", 9.0 - n, n, 1, id, "test", "d2"),
                ],
            )
        tracking.models.finalize(ids[1], "ready")

        def found(filter: str = "", **fields: object) -> list[int]:
            page = tracking.search.models(["0"], filter=filter, **fields)  # type: ignore[arg-type]
            return [ids.index(model.id) for model in page.items]

        assert sorted(found()) == [0, 1, 2, 3]
        assert found("name = 'n1'") == found("status = 'READY'") == [1]
        assert sorted(found("params.c IN ('0', '3')")) == [0, 3]
        assert sorted(found("metrics.auc > 7.5")) == [0, 1]
        assert found("metrics.auc > 0", datasets=[{"dataset_name": "train"}]) == [1]
        assert sorted(found(datasets=[{"dataset_name": "test", "dataset_digest": "d2"}])) == [
            0,
            1,
            2,
        ]
        by_auc = {"field_name": "metrics.auc", "ascending": False, "dataset_name": "test"}
        assert found(order_by=[by_auc]) == [0, 1, 2, 3]
        by_train = {"field_name": "metrics.auc", "ascending": True, "dataset_name": "train"}
        assert found(order_by=[by_train]) == [0, 1, 2, 3]
        first = tracking.search.models(["0"], order_by=[by_auc], limit=3)
        rest = tracking.search.models(["0"], order_by=[by_auc], limit=3, page_token=first.next)
        assert [ids.index(m.id) for m in (*first.items, *rest.items)] == [0, 1, 2, 3]
        for bad in ({"field_name": "bogus"}, {"ascending": True}, {"field_name": "params.c"}):
            with pytest.raises(InvalidParameter):
                found(order_by=[bad])


class TracesSuite:
    """Tests of `Traces`; the subclass provides ``tracking``."""

    def test_traces_come_back_newest_first(self, tracking: Ports) -> None:
        """A second time replaces the first."""
        made = [
            Trace(id=f"tr-{n}", experiment_id="0", started_ms=n, state="OK", tags={"a": str(n)})
            for n in range(5)
        ]
        for trace in (*made, made[0]):
            tracking.traces.put(trace)
        assert tracking.traces.get("tr-3") == made[3]
        first = tracking.traces.search(["0"], limit=3)
        rest = tracking.traces.search(["0"], limit=3, page_token=first.next)
        assert (*first.items, *rest.items) == tuple(reversed(made))
        tracking.traces.set_tag("tr-0", "b", "x")
        tracking.traces.delete_tag("tr-0", "a")
        assert tracking.traces.get("tr-0").tags == {"b": "x"}
        with pytest.raises(NotFound):
            tracking.traces.delete_tag("tr-0", "a")
        assert tracking.traces.delete("0", ids=["tr-1", "tr-9"]) == 1
        assert tracking.traces.delete("0", until_ms=3, limit=2) == 2
        assert [one.id for one in tracking.traces.search(["0"]).items] == ["tr-4", "tr-3"]
        with pytest.raises(NotFound):
            tracking.traces.get("tr-0")
