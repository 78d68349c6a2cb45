"""What every registry must do: names, versions, aliases, stages, and the trail that they leave.

Subclass `RegistrySuite` in a test module and give the fixture ``tracking``
(`clew.testing.tracking`).
"""

from __future__ import annotations

import msgspec
import pytest

from clew.entities import Owner
from clew.errors import AlreadyExists, ClewError, InvalidParameter, NotFound
from clew.testing.tracking import Ports
from clew.testing.tracking_files import put


class RegistrySuite:
    """Tests of the registry's ports; the subclass provides ``tracking``."""

    def test_a_model_comes_back(self, tracking: Ports) -> None:
        """With description and tags; a name is taken once."""
        made = tracking.registered.create("adult", description="*the* model", tags={"a": "1"})
        assert tracking.registered.get("adult") == made
        with pytest.raises(AlreadyExists) as caught:
            tracking.registered.create("adult")
        assert caught.value.message == "Registered Model (name=adult) already exists."
        with pytest.raises(NotFound) as absent:
            tracking.registered.get("other")
        assert absent.value.message == "Registered Model with name=other not found"

    @pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "..", "x" * 257, "n\0"])
    def test_bad_names_are_refused(self, tracking: Ports, name: str) -> None:
        """Nothing is made."""
        with pytest.raises(ClewError):
            tracking.registered.create(name)

    def test_a_model_is_changed(self, tracking: Ports) -> None:
        """Its description, its tags, its name; versions go along."""
        tracking.registered.create("a")
        tracking.registered.create("b")
        tracking.versions.create("a", "s3://x")
        tracking.registered.update("a", description="new", actor="ada")
        tracking.registered.set_tag("a", "k", "v")
        with pytest.raises(AlreadyExists):
            tracking.registered.rename("a", "b")
        tracking.registered.rename("a", "c", actor="ada")
        found = tracking.registered.get("c")
        assert (found.description, found.tags) == ("new", {"k": "v"})
        assert tracking.versions.get("c", 1).source == "s3://x"
        tracking.registered.delete_tag("c", "k")
        tracking.registered.delete_tag("c", "k")
        tracking.registered.delete("c", actor="bob")
        with pytest.raises(NotFound):
            tracking.versions.get("c", 1)
        actions = [(e.action, e.actor) for e in tracking.audit.events().items]
        assert actions[0] == ("model.delete", "bob")
        assert ("model.rename", "ada") in actions
        (renamed,) = [
            e for e in tracking.audit.events(subject="model:c").items if e.before == '"a"'
        ]
        assert (renamed.action, renamed.after) == ("model.rename", '"c"')

    def test_versions_are_numbered_from_one(self, tracking: Ports) -> None:
        """A number is not given twice, even when its version is gone."""
        tracking.registered.create("a")
        for expected in (1, 2):
            assert tracking.versions.create("a", "s3://x").version == expected
        tracking.versions.delete("a", 2)
        assert tracking.versions.create("a", "s3://x").version == 3
        with pytest.raises(NotFound, match=r"Model Version \(name=a, version=2\) not found"):
            tracking.versions.get("a", 2)
        with pytest.raises(NotFound):
            tracking.versions.create("nobody", "s3://x")
        with pytest.raises(InvalidParameter, match="must be an integer"):
            tracking.versions.get("a", "x")  # type: ignore[arg-type]

    def test_a_version_knows_its_content_and_node(self, tracking: Ports) -> None:
        """From a logged model, from files of a run, from another version."""
        run = tracking.runs.create("0").id
        model = tracking.models.create("0", name="lr", source_run_id=run)
        put(tracking, Owner("model", model.id), "MLmodel", b"x")
        put(tracking, Owner("run", run), "model/MLmodel", b"x")
        content = tracking.models.finalize(model.id, "ready").content
        tracking.registered.create("a")
        sources = (f"models:/{model.id}", f"runs:/{run}/model", "models:/a/1")
        found = [tracking.versions.create("a", source) for source in sources]
        assert {version.content for version in found} == {content}
        assert {version.run_id for version in found} == {run}
        assert len({version.node for version in found}) == 1
        assert found[0].node is not None
        assert found[0].model_id == model.id
        with pytest.raises(NotFound):
            tracking.versions.create("a", "models:/m-" + "0" * 32)

    def test_a_version_is_changed(self, tracking: Ports) -> None:
        """Description and tags."""
        tracking.registered.create("a")
        tracking.versions.create("a", "s", description="d", tags={"x": "1"}, user="ada")
        tracking.versions.update("a", 1, description="e")
        tracking.versions.set_tag("a", 1, "y", "2")
        tracking.versions.delete_tag("a", 1, "x")
        tracking.versions.delete_tag("a", 1, "x")
        found = tracking.versions.get("a", 1)
        assert (found.description, found.tags, found.user) == ("e", {"y": "2"}, "ada")

    def test_aliases_point_to_one_version(self, tracking: Ports) -> None:
        """And every move leaves a trail."""
        tracking.registered.create("a")
        for _ in range(2):
            tracking.versions.create("a", "s")
        tracking.aliases.set("a", "champion", 1, actor="ada", reason="first")
        tracking.aliases.set("a", "champion", 2, actor="bob", reason="better AUC")
        assert tracking.aliases.version("a", "champion").version == 2
        assert tracking.versions.get("a", 2).aliases == ("champion",)
        assert tracking.registered.get("a").aliases == {"champion": 2}
        assert tracking.aliases.version("a", "latest").version == 2
        trail = tracking.audit.events(subject="model:a/champion").items
        assert [(e.actor, e.before, e.after, e.reason) for e in trail] == [
            ("bob", "1", "2", "better AUC"),
            ("ada", None, "1", "first"),
        ]
        tracking.aliases.delete("a", "champion")
        tracking.aliases.delete("a", "champion")
        with pytest.raises(InvalidParameter, match="alias champion not found"):
            tracking.aliases.version("a", "champion")
        with pytest.raises(NotFound):
            tracking.aliases.set("a", "champion", 9)

    @pytest.mark.parametrize(
        "alias", ["", "latest", "Latest", "v1", "V22", "a b", "a/b", "x" * 256]
    )
    def test_bad_aliases_are_refused(self, tracking: Ports, alias: str) -> None:
        """Those too that mean something already."""
        tracking.registered.create("a")
        tracking.versions.create("a", "s")
        with pytest.raises(InvalidParameter):
            tracking.aliases.set("a", alias, 1)

    def test_deleting_a_version_frees_its_aliases(self, tracking: Ports) -> None:
        """They point nowhere."""
        tracking.registered.create("a")
        tracking.versions.create("a", "s")
        tracking.aliases.set("a", "champion", 1)
        tracking.versions.delete("a", 1)
        assert tracking.registered.get("a").aliases == {}
        with pytest.raises(NotFound, match="Latest version not found"):
            tracking.aliases.version("a", "latest")

    def test_a_deletion_says_why(self, tracking: Ports) -> None:
        """In the audit trail, with who did it."""
        tracking.registered.create("a")
        tracking.versions.create("a", "s")
        tracking.versions.delete("a", 1, actor="ann", reason="leaks")
        tracking.registered.delete("a", actor="bob", reason="a mistake")
        page = tracking.audit.events(limit=2)
        assert [(one.action, one.actor, one.reason) for one in page.items] == [
            ("model.delete", "bob", "a mistake"),
            ("version.delete", "ann", "leaks"),
        ]

    def test_a_time_of_making_is_kept(self, tracking: Ports) -> None:
        """Of what was made elsewhere, before it came here."""
        assert tracking.registered.create("a", created_ms=5).created_ms == 5
        assert tracking.versions.create("a", "s", created_ms=7).created_ms == 7
        assert tracking.versions.get("a", 1).created_ms == 7
        assert tracking.registered.get("a").created_ms == 5
        assert tracking.registered.get("a").updated_ms > 7
        with pytest.raises(InvalidParameter):
            tracking.registered.create("b", created_ms=-1)

    def test_a_removed_model_comes_back(self, tracking: Ports) -> None:
        """With versions, tags, stages and aliases; numbers go on where they were."""
        tracking.registered.create("a", description="d", tags={"k": "v"})
        for number in (1, 2, 3):
            tracking.versions.create("a", f"s{number}", tags={"n": str(number)}, user="ada")
        tracking.versions.transition("a", 2, "Production")
        tracking.aliases.set("a", "champion", 2)
        tracking.versions.delete("a", 3)
        before, versions = tracking.registered.get("a"), tracking.versions.search().items
        tracking.registered.delete("a", actor="bob", reason="a mistake")
        (gone,) = tracking.removals.removed()
        assert (gone.name, gone.version, gone.versions) == ("a", None, 2)
        assert (gone.actor, gone.reason) == ("bob", "a mistake")
        back = tracking.removals.restore_model("a", actor="ada", reason="it was needed")
        assert (back.tags, back.aliases) == (before.tags, before.aliases)
        assert back.description == before.description and back.created_ms == before.created_ms
        found = {one.version: one for one in tracking.versions.search().items}
        for one in versions:
            assert found[one.version] == msgspec.structs.replace(
                one, updated_ms=found[one.version].updated_ms
            )
        assert tracking.audit.events(limit=1).items[0].action == "model.restore"
        assert [(one.name, one.version) for one in tracking.removals.removed("a")] == [("a", 3)]
        assert tracking.versions.create("a", "s4").version == 4
        with pytest.raises(AlreadyExists):
            tracking.removals.restore_model("a")
        with pytest.raises(NotFound):
            tracking.removals.restore_model("never")

    def test_a_removed_version_comes_back(self, tracking: Ports) -> None:
        """Under its number; aliases stay where they are by now."""
        tracking.registered.create("a")
        for _ in range(2):
            tracking.versions.create("a", "s", description="d", tags={"x": "1"})
        tracking.aliases.set("a", "champion", 2)
        before = tracking.versions.get("a", 2)
        tracking.versions.delete("a", 2, actor="bob", reason="too slow")
        assert [(r.version, r.reason) for r in tracking.removals.removed("a")] == [(2, "too slow")]
        tracking.aliases.set("a", "champion", 1)
        back = tracking.removals.restore_version("a", 2, actor="ada")
        assert (back.tags, back.description, back.aliases) == (before.tags, "d", ())
        assert tracking.aliases.version("a", "champion").version == 1
        assert not tracking.removals.removed()
        with pytest.raises(NotFound):
            tracking.removals.restore_version("a", 2)
        with pytest.raises(NotFound):
            tracking.removals.restore_version("a", 9)

    def test_a_namesake_does_not_get_versions_of_another(self, tracking: Ports) -> None:
        """A name given anew begins a new model."""
        tracking.registered.create("a")
        for _ in range(2):
            tracking.versions.create("a", "old")
        tracking.versions.delete("a", 2)
        tracking.registered.delete("a")
        tracking.registered.create("a")
        tracking.versions.create("a", "new")
        assert not tracking.removals.removed()
        with pytest.raises(NotFound):
            tracking.removals.restore_version("a", 2)
        tracking.registered.rename("a", "b")
        assert [one.versions for one in tracking.removals.removed()] == [1]
        tracking.removals.restore_model("a")
        assert tracking.versions.get("a", 1).source == "old"
        assert tracking.removals.restore_version("a", 2).source == "old"

    def test_stages_move(self, tracking: Ports) -> None:
        """In any case of the word; others of the stage are archived if asked."""
        tracking.registered.create("a")
        for _ in range(3):
            tracking.versions.create("a", "s")
        tracking.versions.transition("a", 1, "production")  # type: ignore[arg-type]
        moved = tracking.versions.transition("a", 2, "Production", archive_existing=True)
        assert moved.stage == "Production"
        assert tracking.versions.get("a", 1).stage == "Archived"
        latest = {one.stage: one.version for one in tracking.aliases.latest("a")}
        assert latest == {"Archived": 1, "Production": 2, "None": 3}
        assert [one.version for one in tracking.aliases.latest("a", ["production"])] == [2]
        with pytest.raises(InvalidParameter, match="Invalid Model Version stage"):
            tracking.versions.transition("a", 1, "Limbo")  # type: ignore[arg-type]
        with pytest.raises(InvalidParameter, match="not an Active stage"):
            tracking.versions.transition("a", 1, "Archived", archive_existing=True)

    def test_models_are_found(self, tracking: Ports) -> None:
        """By name and tags; prompts only where they are asked for."""
        for name in ("beta", "Alpha", "gamma"):
            tracking.registered.create(name, tags={"first": name[0]})
        tracking.registered.create("prompt", tags={"mlflow.prompt.is_prompt": "true"})

        def names(filter: str = "", *order: str) -> list[str]:
            page = tracking.registered.search(filter=filter, order_by=order)
            return [one.name for one in page.items]

        assert names() == ["Alpha", "beta", "gamma"]
        assert names("name ILIKE 'ALPHA'") == ["Alpha"]
        assert names("tags.first = 'g'") == ["gamma"]
        assert names("name IN ('beta', 'x')") == ["beta"]
        assert names("tags.`mlflow.prompt.is_prompt` = 'true'") == ["prompt"]
        assert names("", "name DESC") == ["gamma", "beta", "Alpha"]
        first = tracking.registered.search(limit=2)
        rest = tracking.registered.search(limit=2, page_token=first.next)
        assert [one.name for one in (*first.items, *rest.items)] == names()
        for bad in ("name > 'a'", "bogus = 'x'", "name IS NULL", "name = 3"):
            with pytest.raises(InvalidParameter):
                names(bad)
        for limit in (0, 1001):
            with pytest.raises(InvalidParameter):
                tracking.registered.search(limit=limit)

    def test_versions_are_found(self, tracking: Ports) -> None:
        """By name, number, run, source and tags."""
        for name in ("a", "b"):
            tracking.registered.create(name)
            for number in range(3):
                tracking.versions.create(
                    name, f"s3://{name}/{number}", run_id=f"r{number}", tags={"n": str(number)}
                )

        def found(filter: str = "", *order: str) -> list[tuple[str, int]]:
            page = tracking.versions.search(filter=filter, order_by=order)
            return [(one.name, one.version) for one in page.items]

        assert len(found()) == 6
        assert found("name = 'a'", "version_number ASC") == [("a", 1), ("a", 2), ("a", 3)]
        assert found("version_number > 2 and name = 'b'") == [("b", 3)]
        assert set(found("run_id IN ('r0', 'r9')")) == {("a", 1), ("b", 1)}
        assert found("source_path LIKE '%a/2'") == [("a", 3)]
        assert set(found("tags.n = '1'")) == {("a", 2), ("b", 2)}
        first = tracking.versions.search(limit=4, order_by=["name"])
        rest = tracking.versions.search(limit=4, order_by=["name"], page_token=first.next)
        paged = [(one.name, one.version) for one in (*first.items, *rest.items)]
        assert paged == found("", "name")
        assert len(set(paged)) == 6
        for bad in ("version_number = 'x'", "stage = 'x'", "metrics.a > 1"):
            with pytest.raises(InvalidParameter):
                found(bad)
