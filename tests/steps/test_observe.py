"""What a step is seen to read besides its arguments is part of what names its result."""

from __future__ import annotations

import copy
import os
import pkgutil
import socket
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import clew


def spelled(*parts: object) -> str:
    """Return a path that no text in the step's code shows."""
    return "".join(map(str, parts))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def decision(step: clew.step) -> str:
    return step.last.decision


def test_a_file_that_is_opened_counts(here: Path) -> None:
    @clew.step
    def read(folder: str) -> str:
        with open(spelled(folder, "/", "data")) as file:
            return file.read()

    (here / "data").write_text("one")
    assert [read(str(here)), read(str(here))] == ["one", "one"]
    assert decision(read) == "reused"
    (here / "data").write_text("two")
    assert read(str(here)) == "two"
    (here / "data").write_text("one")
    assert read(str(here)) == "one"
    assert decision(read) == "reused"


@pytest.mark.parametrize("kind", [str, Path])
def test_the_file_that_a_path_argument_names_counts(here: Path, kind: type) -> None:
    @clew.step
    def size(path: object) -> int:
        return os.stat(path).st_size

    (here / "data.bin").write_bytes(b"123")
    assert size(kind("data.bin")) == 3
    (here / "data.bin").write_bytes(b"12345")
    assert size(kind("data.bin")) == 5
    (here / "data.bin").write_bytes(b"12345")
    assert size(kind("data.bin")) == 5
    assert decision(size) == "reused"


def test_a_file_that_was_not_there_and_now_is_counts(here: Path) -> None:
    @clew.step
    def read(name: str) -> str | None:
        try:
            return Path(spelled(name)).read_text()
        except FileNotFoundError:
            return None

    assert read("late") is None
    (here / "late").write_text("now")
    assert read("late") == "now"


@pytest.mark.parametrize(
    "ask",
    [os.path.exists, os.path.isfile, os.path.isdir, lambda p: Path(p).exists(), os.path.lexists],
    ids=["exists", "isfile", "isdir", "Path.exists", "lexists"],
)
def test_whether_there_is_a_file_counts(here: Path, ask) -> None:
    @clew.step
    def there(name: str) -> bool:
        return bool(ask(spelled(name, "1")))

    assert there("out/put") is False
    (here / "out" / "put1").mkdir(parents=True) if ask is os.path.isdir else None
    if ask is not os.path.isdir:
        (here / "out").mkdir()
        (here / "out" / "put1").write_text("x")
    assert there("out/put") is True
    assert there("out/put") is True
    assert decision(there) == "reused"


def test_the_names_in_a_folder_count(here: Path) -> None:
    @clew.step
    def names() -> list[str]:
        return sorted(path.name for path in Path(spelled("fol", "der")).glob("*.txt"))

    (here / "folder").mkdir()
    (here / "folder" / "a.txt").touch()
    assert [names(), names()] == [["a.txt"], ["a.txt"]]
    assert decision(names) == "reused"
    (here / "folder" / "b.txt").touch()
    assert names() == ["a.txt", "b.txt"]


def test_a_file_replaced_within_one_tick_of_the_clock_counts(here: Path) -> None:
    @clew.step
    def read(path: Path) -> str:
        return path.read_text()

    file = here / "data.txt"
    file.write_text("111")
    before = file.stat()
    for text in ("222", "333", "444"):
        read(file)
        file.write_text(text)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert read(file) == text


def test_a_variable_read_through_clew_counts(monkeypatch) -> None:
    @clew.step
    def region() -> str | None:
        return clew.env("REGION", "nowhere")

    assert region() == "nowhere"
    monkeypatch.setenv("REGION", "north")
    assert region() == "north"
    assert region() == "north"
    assert decision(region) == "reused"
    monkeypatch.delenv("REGION")
    assert region() == "nowhere"
    assert decision(region) == "reused"


def test_a_variable_read_otherwise_forbids_reuse(monkeypatch) -> None:
    @clew.step
    def region() -> str | None:
        return os.environ.get("REGION")

    region()
    monkeypatch.setenv("REGION", "north")
    assert region() == "north"
    assert region.why().code == "ambient-read"
    assert "os.environ" in region.why().text


def test_the_users_word_allows_reuse_of_what_reads_the_clock() -> None:
    @clew.step(reuse=True)
    def stamped(x: int) -> tuple[int, bool]:
        import time

        return x, time.time() > 0

    stamped(1)
    stamped(1)
    assert decision(stamped) == "reused"


def test_a_connection_forbids_reuse() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def connect(port: int) -> int:
            module = __import__("soc" + "ket")
            with module.create_connection(("127.0.0.1", port), timeout=5):
                return port

        step = clew.step(depends_on=["declared"])(connect)
        step(port)
        step(port)
    assert decision(step) == "computed"
    assert "network" in step.why().text


def test_a_file_that_the_step_makes_and_reads_is_its_own(here: Path) -> None:
    @clew.step
    def through_a_file(text: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "scratch"
            place.write_text(text)
            return place.read_text() if place.exists() else ""

    assert [through_a_file("a"), through_a_file("a")] == ["a", "a"]
    assert decision(through_a_file) == "reused"


def test_a_file_that_is_written_is_an_effect_not_an_input(here: Path) -> None:
    @clew.step
    def write(name: str) -> int:
        return Path(spelled(name)).write_text("result")

    assert [write("out.txt"), write("out.txt")] == [6, 6]
    assert decision(write) == "reused"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("other")])
def test_a_result_that_names_a_file_stands_while_the_file_does(here: Path, spoil) -> None:
    @clew.step
    def write(name: str) -> dict[str, Path]:
        Path(name).mkdir(exist_ok=True)
        Path(spelled(name, "/out")).write_text("result")
        return {"folder": Path(name)}

    @clew.step
    def outer(name: str) -> object:
        return [write(name)]

    for step in (write, outer):
        step("model")
        spoil(here / "model" / "out")
        step("model")
        assert (here / "model" / "out").read_text() == "result"
        step("model")
        assert decision(step) == "reused"


@pytest.mark.parametrize("mode", ["r+", "read, then write"])
def test_a_step_that_changes_what_it_reads_is_executed(here: Path, mode: str) -> None:
    def count(path: str) -> int:
        if mode == "r+":
            with open(path, "r+") as file:
                found = int(file.read())
                file.seek(0)
                file.write(str(found + 1))
            return found
        found = int(Path(path).read_text())
        Path(path).write_text(str(found + 1))
        return found

    step = clew.step(count)
    (here / "n.txt").write_text("0")
    assert [step("n.txt"), step("n.txt"), step("n.txt")] == [0, 1, 2]


def test_a_file_that_changes_while_it_is_read_forbids_reuse(here: Path) -> None:
    @clew.step(reuse=None, depends_on=["declared"])
    def read(name: str) -> str:
        path = Path(spelled(name))
        text = path.read_text()
        os.rename(spelled("next"), path)
        return text

    (here / "data").write_text("old")
    (here / "next").write_text("new")
    assert read("data") == "old"
    (here / "next").write_text("newer")
    assert read("data") == "new"


def test_modules_that_a_step_imports_are_code_not_files() -> None:
    @clew.step
    def parse(text: str) -> object:
        import configparser

        parser = configparser.ConfigParser()
        parser.read_string(text)
        return parser.sections()

    parse("[a]")
    node = clew.open().node(parse.last.node.hex())
    assert node.reads == ()
    parse("[a]")
    assert decision(parse) == "reused"


def test_a_file_far_below_a_folder_that_is_walked_counts(here: Path) -> None:
    @clew.step
    def names(folder: str) -> list[str]:
        return sorted(name for _, _, files in os.walk(folder) for name in files)

    (here / "top" / "sub").mkdir(parents=True)
    assert names("top") == []
    (here / "top" / "sub" / "new").touch()
    assert names("top") == ["new"]
    assert names("top") == ["new"]
    assert decision(names) == "reused"


def test_a_database_that_sqlite_opens_counts(here: Path) -> None:
    def put(number: int) -> None:
        with closing(sqlite3.connect("numbers.db")) as base, base:
            base.execute("create table if not exists t (a)")
            base.execute("insert into t values (?)", (number,))

    @clew.step
    def total(name: str) -> int:
        with closing(sqlite3.connect(spelled(name, ".db"))) as base:
            return base.execute("select sum(a) from t").fetchone()[0]

    put(1)
    assert [total("numbers"), total("numbers")] == [1, 1]
    assert decision(total) == "reused"
    put(2)
    assert total("numbers") == 3


def test_a_step_that_fills_a_database_is_executed(here: Path) -> None:
    @clew.step
    def fill(name: str) -> int:
        with closing(sqlite3.connect(spelled(name, ".db"))) as base, base:
            base.execute("create table if not exists t (a)")
            base.execute("insert into t values (1)")
            return base.execute("select count(*) from t").fetchone()[0]

    assert [fill("new"), fill("new")] == [1, 2]


class Noise:
    def drawn(self) -> float:
        return float(np.random.default_rng().random())


@pytest.mark.parametrize("seed", [None, Noise()], ids=["a seed that is None", "inside an argument"])
def test_fresh_entropy_that_the_code_does_not_show_forbids_reuse(seed: object) -> None:
    @clew.step
    def draw(seed: object) -> float:
        if hasattr(seed, "drawn"):
            return seed.drawn()
        return float(np.random.default_rng(seed).random())

    assert draw(seed) != draw(seed)
    assert "fresh entropy" in draw.why().text
    assert draw(3) == draw(3)
    assert decision(draw) == "reused"


def by_state(seed: int) -> float:
    return float(np.random.RandomState(seed).random_sample())


def by_copy(seed: int) -> float:
    return float(copy.deepcopy(np.random.default_rng(seed)).random())


def by_estimator(seed: int) -> float:
    X = np.arange(20.0).reshape(10, 2)
    forest = RandomForestClassifier(2, random_state=seed).fit(X, X[:, 0] > 9)
    return float(forest.predict_proba(X).sum())


@pytest.mark.parametrize("draw", [by_state, by_copy, by_estimator])
def test_entropy_that_numpy_takes_beside_a_seed_does_not_count(draw) -> None:
    step = clew.step(draw)
    assert step(3) == step(3)
    assert decision(step) == "reused"


def test_a_file_that_is_read_through_the_import_system_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "__init__.py").touch()
    data = tmp_path / "packed" / "data.txt"
    data.write_text("1")
    monkeypatch.syspath_prepend(tmp_path)

    @clew.step
    def read(x: int) -> bytes | None:
        return pkgutil.get_data("packed", "data.txt")

    assert (read(1), read(1), read.why().code) == (b"1", b"1", "same-call")
    data.write_text("2")
    assert read(1) == b"2"
