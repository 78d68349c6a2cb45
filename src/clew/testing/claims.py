"""What every `Claims` must do.

Subclass `ClaimsSuite` in a test module and give the fixture ``claims``.
"""

from __future__ import annotations

import threading

from clew.lineage.canonical import NodeId, digest
from clew.lineage.ports import Claims

_PATIENCE_S = 30.0


def claim_id(text: str) -> NodeId:
    """Return the id of a node to claim."""
    return NodeId(digest("test-claim", 1, [text.encode()]))


class ClaimsSuite:
    """Tests of the port; the subclass provides ``claims``."""

    def test_a_free_claim_is_given(self, claims: Claims) -> None:
        """Again and again."""
        for _ in range(3):
            with claims.hold(claim_id("a")) as free:
                assert free

    def test_different_nodes_do_not_wait(self, claims: Claims) -> None:
        """One thread may hold several."""
        with claims.hold(claim_id("a")) as a, claims.hold(claim_id("b")) as b:
            assert a and b

    def test_an_exception_frees_the_claim(self, claims: Claims) -> None:
        """However the block ends."""
        try:
            with claims.hold(claim_id("a")):
                raise ValueError
        except ValueError:
            pass
        with claims.hold(claim_id("a"), wait=False) as free:
            assert free

    def test_without_waiting_a_taken_claim_is_false(self, claims: Claims) -> None:
        """At once, and the holder keeps it."""
        seen: list[bool] = []

        def ask() -> None:
            for _ in range(2):
                with claims.hold(claim_id("a"), wait=False) as free:
                    seen.append(free)

        with claims.hold(claim_id("a")):
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(_PATIENCE_S)
        assert seen == [False, False]

    def test_threads_take_turns(self, claims: Claims) -> None:
        """At most one is inside; exactly the first finds the claim free."""
        inside, most, frees = 0, 0, []
        first_is_in = threading.Event()
        all_ask = threading.Barrier(4)

        def work() -> None:
            nonlocal inside, most
            all_ask.wait(_PATIENCE_S)
            with claims.hold(claim_id("a")) as free:
                inside += 1
                most = max(most, inside)
                frees.append(free)
                first_is_in.wait(0.05)
                inside -= 1

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE_S)
        assert most == 1
        assert len(frees) == 4
        assert frees[0]
