"""Configuration: what makes sense is taken, from Python and from files; the rest says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from clew.errors import InvalidParameter, NotFound
from clew.serve import Canary, Deployment
from clew.serve.deployment.config import read, read_file
from clew.serve.policy import POLICIES, Contextual, Thompson, configured

ARMS = {"champion": "adult@champion", "challenger": "adult/7"}
WHOLE = Deployment(
    name="adult",
    arms={**ARMS, "candidate": "adult/8", "quiet": "adult/9"},
    policy="thompson",
    settings={"explore": 0.05},
    by=("region",),
    reward="probability",
    deadline_ms=40.0,
    shadow=("quiet",),
    canary=Canary(arm="candidate", share=0.1),
    cache=100,
)
TOML = """
name = "adult"
policy = "thompson"
settings = {explore = 0.05}
by = ["region"]
reward = "probability"
deadline_ms = 40.0
shadow = ["quiet"]
cache = 100
[arms]
champion = "adult@champion"
challenger = "adult/7"
candidate = "adult/8"
quiet = "adult/9"
[canary]
arm = "candidate"
share = 0.1
"""


def test_a_file_is_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "adult.toml").write_text(TOML)
    assert read_file(tmp_path / "adult.toml") == WHOLE
    assert WHOLE.choosing == ("champion", "challenger")
    (tmp_path / "adult.yaml").write_text(yaml.safe_dump(msgspec.to_builtins(WHOLE)))
    assert read_file(tmp_path / "adult.yaml") == WHOLE
    with pytest.raises(NotFound):
        read_file(tmp_path / "none.toml")
    for name, text in (("a.toml", "name ="), ("a.yaml", "- 1"), ("a.yml", "a: ["), ("a.txt", "")):
        (tmp_path / name).write_text(text)
        with pytest.raises(InvalidParameter):
            read_file(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "a/b"}, "name"),
        ({"arms": {}}, "needs an arm"),
        ({"shadow": ["none"]}, "no such arm"),
        ({"shadow": ["champion"]}, "neither canary nor in the shadow"),
        ({"policy": "best"}, "policy"),
        ({"policy": "static"}, "who decides"),
        ({"policy": "exp3", "settings": {"size": 1}}, "settings of policy exp3"),
        ({"settings": {"explore": 3}}, "policy's settings"),
        ({"policy": "split", "settings": {"shares": {"none": 1}}}, "shares"),
        ({"reward": "profit"}, "reward"),
        ({"reward": "within:x"}, "reward"),
        ({"reward": "no.such.module:f"}, "reward"),
        ({"deadline_ms": 0}, "deadline_ms"),
        ({"cache": -1}, "cache"),
        ({"canary": {"arm": "challenger", "share": 2}}, "share"),
        ({"canary": {"arm": "challenger", "least": 1}}, "judgement"),
        ({"colour": "red"}, "not understood"),
        ({"cache": "many"}, "not understood"),
    ],
)
def test_nonsense_is_refused(change: dict[str, Any], said: str) -> None:
    good = {"name": "adult", "arms": ARMS, "policy": "thompson"}
    read(good)
    with pytest.raises(InvalidParameter, match=said):
        read({**good, **change})


def test_policies_by_name() -> None:
    for name in POLICIES:
        state = configured(name, {}).init(["a", "b"])
        assert configured(name, {}, by=["region"]).init(["a", "b"])["arms"] == ["a", "b"]
        assert state
    assert configured("thompson", {}, by=["user"]) == Contextual(Thompson(), ("user",))
    with pytest.raises(InvalidParameter):
        configured("none", {})
