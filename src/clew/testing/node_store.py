"""What every `NodeStore` must do.

Subclass `NodeStoreSuite` in a test module and give the fixture ``store``: a new, empty store.
"""

from __future__ import annotations

import dataclasses
import threading

from clew.lineage.canonical import NodeId
from clew.lineage.ports import NodeStore
from clew.lineage.records import Read
from clew.testing.records import make_node, stored_value, unknown_node, value_id


class NodeStoreSuite:
    """Tests of the port; the subclass provides ``store``."""

    def test_a_node_comes_back_as_it_was(self, store: NodeStore) -> None:
        """Every field, with the edges in order."""
        node = make_node("m:f", ["a", "b", "a"], ["c", "d"], seed=7)
        store.add([node], [])
        assert store.node(node.id) == node

    def test_an_unknown_node_is_none(self, store: NodeStore) -> None:
        """Nothing is invented."""
        assert store.node(unknown_node()) is None

    def test_seeds_of_any_size_come_back(self, store: NodeStore) -> None:
        """NumPy takes seeds of 128 bits and more."""
        nodes = [make_node("m:f", seed=seed) for seed in (None, 0, -1, 2**63 - 1, 2**63, 2**200)]
        store.add(nodes, [])
        assert [store.node(node.id) for node in nodes] == nodes

    def test_what_is_there_stays(self, store: NodeStore) -> None:
        """Adding a node again changes nothing, even with another cost or result."""
        node = make_node("m:f", ["a"], ["b"])
        store.add([node], [])
        store.add([dataclasses.replace(node, outputs=(), created_ms=1)], [])
        assert store.node(node.id) == node

    def test_variants_are_the_nodes_of_a_call_newest_first(self, store: NodeStore) -> None:
        """A call that read different files has a node for each content."""
        old, new = (
            make_node("m:f", ["a"], [text], reads=[Read("file", "in.csv", value_id(text))],
                      created_ms=time_ms)
            for text, time_ms in (("one", 1), ("two", 2))
        )  # fmt: skip
        plain = make_node("m:f", ["a"], ["three"], created_ms=3)
        assert old.call == new.call == plain.call == plain.id
        store.add([new, old, plain], [])
        assert store.variants([plain.call, unknown_node()]) == {plain.call: (plain, new, old)}

    def test_a_node_with_reads_is_not_its_call(self, store: NodeStore) -> None:
        """The call's id finds variants, the node's id the node."""
        node = make_node("m:f", [], ["x"], reads=[Read("env", "HOME", value_id("home"))])
        store.add([node], [])
        assert store.node(node.call) is None
        assert store.node(node.id) == node
        assert store.variants([node.id]) == {}

    def test_values_link_nodes(self, store: NodeStore) -> None:
        """Who made a value, and who read it (as an argument, or besides)."""
        made = make_node("m:f", [], ["x"])
        reader = make_node("m:g", ["x"], ["y"])
        file_reader = make_node("m:h", [], ["z"], reads=[Read("file", "x.csv", value_id("x"))])
        store.add([made, reader, file_reader], [])
        assert store.linked(value_id("x"), "up") == (made.id,)
        assert set(store.linked(value_id("x"), "down")) == {reader.id, file_reader.id}
        assert store.linked(value_id("nowhere"), "up") == ()

    def test_closure_gives_ancestors_nearest_first(self, store: NodeStore) -> None:
        """A diamond: every node once, in the order of distance."""
        a, b, c, d = self._diamond(store)
        up = store.closure([d], "up")
        assert (up[0], set(up[1:3]), up[3]) == (d, {b, c}, a)
        assert len(up) == 4

    def test_closure_gives_descendants(self, store: NodeStore) -> None:
        """The same diamond from the other end."""
        a, b, c, d = self._diamond(store)
        down = store.closure([a], "down")
        assert (down[0], set(down[1:3]), down[3]) == (a, {b, c}, d)

    def test_closure_stops_at_its_depth(self, store: NodeStore) -> None:
        """Depth 0 is the start alone."""
        a, b, c, d = self._diamond(store)
        assert store.closure([d], "up", 0) == (d,)
        assert set(store.closure([d], "up", 1)) == {d, b, c}
        assert set(store.closure([d], "up", 9)) == {a, b, c, d}

    def test_closure_of_several_and_of_unknown_nodes(self, store: NodeStore) -> None:
        """Starts are united; what is not there is left out."""
        a, b, c, _ = self._diamond(store)
        assert set(store.closure([b, c, unknown_node(), b], "up")) == {a, b, c}
        assert store.closure([], "up") == ()

    def test_irreproducible_is_remembered(self, store: NodeStore) -> None:
        """The one thing that changes."""
        node = make_node("m:f", [], ["x"])
        store.add([node], [])
        store.mark_irreproducible(node.id)
        assert store.node(node.id) == dataclasses.replace(node, irreproducible=True)

    def test_history_is_newest_first_and_limited(self, store: NodeStore) -> None:
        """Of one operation only."""
        nodes = [make_node("m:f", [str(n)], created_ms=n) for n in (2, 0, 1)]
        store.add([*nodes, make_node("m:g")], [])
        assert store.history("m:f", 2) == (nodes[0], nodes[2])
        assert store.history("m:nowhere", 2) == ()
        assert store.history("m:f", 9, until_ms=1) == (nodes[2], nodes[1])

    def test_match_finds_ids_by_prefix(self, store: NodeStore) -> None:
        """Nodes and values, by any number of digits, capitals or not."""
        node = make_node("m:f", [], ["x"])
        store.add([node], [stored_value("x")])
        name, value = node.id.hex(), value_id("x").hex()
        for prefix in (name, name[:7], name[:8].upper()):
            assert ("node", name) in store.match(prefix)
        assert ("value", value) in store.match(value[:9])
        assert store.match("zz") == ()

    def test_an_addition_is_all_or_nothing(self, store: NodeStore) -> None:
        """A record that cannot be written takes the whole addition with it."""
        good = make_node("m:f", [], ["x"])
        bad = dataclasses.replace(make_node("m:g"), cost=None)  # type: ignore[arg-type]
        try:
            store.add([good, bad], [])
        except Exception:
            assert store.node(good.id) is None
        else:
            raise AssertionError("a broken record was accepted")

    def test_threads_add_at_once(self, store: NodeStore) -> None:
        """The same nodes from several threads: each is there once."""
        nodes = [make_node("m:f", [str(n)], [f"r{n}"]) for n in range(25)]

        def work() -> None:
            for node in nodes:
                store.add([node], [])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(store.history("m:f", 100)) == set(nodes)

    def _diamond(self, store: NodeStore) -> tuple[NodeId, NodeId, NodeId, NodeId]:
        a = make_node("m:a", [], ["a"])
        b = make_node("m:b", ["a"], ["b"], made_by=[a])
        c = make_node("m:c", ["a"], ["c"], made_by=[a])
        d = make_node("m:d", ["b", "c"], ["d"], made_by=[b, c])
        # The same content as a's result, made by nobody: it belongs to no thread.
        stranger = make_node("m:stranger", ["a"], ["a"])
        store.add((stranger, a, b, c, d), [])
        return a.id, b.id, c.id, d.id
