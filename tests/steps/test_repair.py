"""Bytes that are gone or damaged are computed again; what does not come out the same is known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import clew
from clew.app import wiring
from clew.lineage.canonical import ValueId

pytestmark = pytest.mark.usefixtures("own_folder")


@clew.step
def rows(n: int) -> list[int]:
    return list(range(n))


@clew.step
def total(values: list[int]) -> int:
    return sum(values)


@clew.step
def text(value: int) -> str:
    return f"total {value}"


@clew.flow
def flow(n: int = 2000) -> str:
    return text(total(rows(n)))


def files() -> list[Path]:
    place = Path(clew.open().path) / "values"
    return [path for path in place.rglob("*") if path.is_file()]


def harm_all(harm, *, only: ValueId | None = None) -> None:
    """Harm the stored values, and forget what this process has of them in memory."""
    for path in files():
        if only is None or path.as_posix().replace("/", "").endswith(only.hex()):
            content = harm(path.read_bytes())
            path.chmod(0o644)
            path.unlink() if content is None else path.write_bytes(content)
    with sqlite3.connect(Path(clew.open().path) / "clew.db") as connection:
        rows = connection.execute("SELECT n, id, content FROM value WHERE content IS NOT NULL")
        for n, id, content in rows.fetchall():
            if only is None or id == only:
                connection.execute("UPDATE value SET content = ? WHERE n = ?", (harm(content), n))
    connection.close()
    wiring._open.clear()
    wiring._places.clear()


def damage(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def remove(content: bytes) -> None:
    return None


@pytest.mark.parametrize("harm", [damage, remove])
def test_a_step_whose_bytes_are_no_good_runs_again(harm) -> None:
    rows(2000)
    harm_all(harm)
    assert rows(2000) == list(range(2000))
    assert rows.last.decision == "computed"
    assert rows(2000) == list(range(2000))
    assert rows.last.decision == "reused"


@pytest.mark.parametrize("harm", [damage, remove])
def test_a_flow_whose_bytes_are_no_good_runs_again(harm) -> None:
    assert flow() == "total 1999000"
    harm_all(harm)
    assert flow() == "total 1999000"
    again = flow.run()
    assert again.result == "total 1999000"
    assert again.computed == ()


@pytest.mark.parametrize("harm", [damage, remove])
@pytest.mark.parametrize("lost", [rows, total, text], ids=lambda step: step.label)
def test_only_what_is_needed_is_computed_again(harm, lost) -> None:
    first = flow.run()
    node = clew.open().node(first.use(lost.label).node.hex())
    id = node.output("result")
    assert id is not None
    harm_all(harm, only=id)
    again = flow.run()
    assert again.result == "total 1999000"
    # What nobody reads may be gone or damaged: the flow's result alone is looked at.
    assert set(again.computed) <= ({"text"} if lost is text else set())


def test_a_step_that_gives_two_results_is_known_for_it(tmp_path: Path) -> None:
    import time

    @clew.step(reuse=True)
    def unsteady(x: int) -> int:
        return time.time_ns()

    first = unsteady(1)
    assert unsteady(1) == first
    harm_all(remove)
    assert unsteady(1) != first
    assert "not reproducible" in unsteady.why().text
    node = clew.open().node(_first_node(unsteady).hex())
    assert node.irreproducible
    third = unsteady(1)
    assert unsteady.last.decision == "computed"
    assert unsteady(1) != third


def _first_node(step: clew.step):
    return clew.open().runtime.store.history(step.name, 50)[-1].id


def test_exceptions_are_results_only_where_that_is_declared() -> None:
    @clew.step(reuse_exceptions=(LookupError,))
    def find(x: int) -> int:
        if x:
            raise KeyError(f"no {x}")
        raise ValueError("zero")

    for decision in ("computed", "reused"):
        with pytest.raises(KeyError, match="no 3"):
            find(3)
        assert find.last.decision == decision
    runs = len(clew.open().runtime.store.history(find.name, 10))
    for _ in range(2):
        with pytest.raises(ValueError, match="zero"):
            find(0)
    assert len(clew.open().runtime.store.history(find.name, 10)) == runs


@pytest.mark.parametrize("engine", ["inline", "threads", "processes"])
def test_a_reused_exception_fails_the_flow_again(engine: str) -> None:
    @clew.step(reuse_exceptions=(LookupError,))
    def find(x: int) -> int:
        raise LookupError(f"no {x}")

    @clew.flow
    def failing() -> int:
        return total([find(1)])

    for _ in range(2):
        with pytest.raises(LookupError, match="no 1"):
            failing.start({}, engine=engine, workers=2)
        assert clew.open().run().status == "failed"
