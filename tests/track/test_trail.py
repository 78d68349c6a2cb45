"""The registry's verbs: the trail through renamings; removal and return, by command too."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner

from clew import registry
from clew.app.tracking import tracking_here
from clew.cli.main import main
from clew.errors import NotFound


def made(name: str, versions: int = 1) -> None:
    ports = tracking_here()
    ports.registered.create(name)
    for number in range(versions):
        ports.versions.create(name, f"s3://{name}/{number}")


def test_a_trail_follows_a_model_through_its_names_and_no_other() -> None:
    ports = tracking_here()
    made("b")
    ports.registered.delete("b", actor="eve")  # another model, which bore the name before
    time.sleep(0.002)
    made("a", 2)
    registry.promote("a", 1, actor="ada")
    ports.registered.rename("a", "b", actor="ada")
    registry.promote("b", 2, actor="bob", reason="better")
    ports.registered.rename("b", "a", actor="bob")
    ports.registered.rename("a", "c", actor="cyd")
    time.sleep(0.002)  # events are told apart by the millisecond
    made("a")  # another one, which bears it now
    registry.promote("a", 1, actor="eve")
    told = [(event.action, event.actor) for event in registry.history("c")]
    assert told == [
        ("model.rename", "cyd"),
        ("model.rename", "bob"),
        ("alias.set", "bob"),
        ("model.rename", "ada"),
        ("alias.set", "ada"),
        ("version.create", ""),
        ("version.create", ""),
    ]
    assert len(registry.history("c", limit=3)) == 3
    assert [e.actor for e in registry.history("c", alias="champion")] == ["bob", "ada"]
    assert registry.roll_back("c").version == 1
    assert [e.action for e in registry.history("a")] == ["alias.set", "version.create"]


def run(*arguments: str) -> str:
    answer = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_what_is_removed_by_command_comes_back_by_command() -> None:
    made("adult", 2)
    assert "removed adult version 2" in run("models", "delete", "adult", "2", "--reason", "slow")
    with pytest.raises(NotFound):
        tracking_here().versions.get("adult", 2)
    run("models", "delete", "adult")
    (gone,) = json.loads(run("models", "removed", "--json"))
    assert (gone["name"], gone["version"], gone["versions"]) == ("adult", None, 1)
    assert run("models", "restore", "adult", "--reason", "needed") == "restored adult\n"
    assert "adult version 2\t1\t" in run("models", "removed")
    run("models", "restore", "adult", "2")
    assert [one.version for one in registry.versions("adult")] == [2, 1]
    assert not registry.removed()
    assert registry.history("adult")[1].reason == "needed"
    with pytest.raises(NotFound):
        registry.restore("adult", 2)
