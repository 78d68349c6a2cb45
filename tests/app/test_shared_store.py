"""A store that others can write: nothing that lies in it runs code when it is read."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import cloudpickle
import pytest

import clew
from clew.app.settings import load
from clew.steps import checkpoint


class Hostile:
    """Runs code when its pickle is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> object:
        return (Path.touch, (self.mark,))


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CLEW_STORE")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clew.toml").write_text("[store]\ntrusted = false\n")
    return tmp_path / ".clew"


def test_checkpoints_are_not_read_from_it(shared: Path, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    @clew.step
    def count(n: int) -> object:
        saved = checkpoint()
        found = saved.load()
        if found is None:
            saved.save(n)
            raise Stopped
        return found

    with pytest.raises(Stopped):
        count(3)
    mark = tmp_path / "ran"
    (shared / "checkpoints").mkdir(exist_ok=True)
    for state in [*states(), *shared.rglob("*.state")]:
        (shared / "checkpoints" / state.name).write_bytes(pickle.dumps(Hostile(mark)))
    assert count(3) == 3
    assert not mark.exists()
    assert not states()


def states() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.state"))


def test_a_value_that_was_pickled_is_computed_again(shared: Path) -> None:
    module = type(os)("elsewhere")
    exec("class Own:\n    def __init__(self, x):\n        self.x = x\n", vars(module))
    made: list[int] = []

    @clew.step(reuse=True)
    def own(x: int) -> object:
        made.append(x)
        return cloudpickle.loads(cloudpickle.dumps(module.Own(x)))

    assert (own(1).x, own(1).x) == (1, 1)
    assert made == [1, 1]


@pytest.mark.parametrize("mode", [0o777, 0o702])
def test_a_store_that_everybody_can_write_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    store = tmp_path / "store"
    assert load(store=store).trusted
    store.mkdir()
    assert load(store=store).trusted
    store.chmod(mode)
    assert not load(store=store).trusted
    (tmp_path / "clew.toml").write_text("[store]\ntrusted = true\n")
    monkeypatch.chdir(tmp_path)
    assert load(store=store).trusted


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_store_of_another_user_is_shared(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    os.chown(store, 12345, -1)
    assert not load(store=store).trusted
