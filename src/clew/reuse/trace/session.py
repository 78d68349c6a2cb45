"""Sessions: where operations are looked up, rewritten or executed, and remembered."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from clew.errors import InvalidParameter
from clew.lineage.fingerprint import fingerprint
from clew.reuse.place import runtime_of
from clew.reuse.trace.cache import (
    RECORD_BYTES,
    Entry,
    Flights,
    MemoryCache,
    OperationCache,
    owned_bytes,
)
from clew.reuse.trace.cell import Cell, Flip, living
from clew.reuse.trace.item import Item, item_id, make, peek
from clew.reuse.trace.leaf import ContentId, Leaves
from clew.reuse.trace.literal import Hole
from clew.reuse.trace.outputs import collect
from clew.reuse.trace.report import COMPUTED, RECALLED, REUSED, Note, Reason, Stats
from clew.reuse.trace.rules import Call, Declined, Rule, rules_for
from clew.reuse.trace.tier import DEAR_S, StoreTier, heard

_NOTES = 1000
_REWRITE_WORK = 1 << 15
"""Operations on fewer elements than this are executed: a rewrite would cost more than it saves."""

_numbers = itertools.count(1)

Outcome = tuple[tuple[Cell, ...], Any, Reason]
"""Cells of the outputs, their arrangement, and why."""


class Session:
    """One scope of reuse.

    Parameters
    ----------
    budget_bytes : int, optional
        Most bytes that cached results may hold; a quarter of the machine's memory by default.
    exact_only : bool
        Use only rewrites that are bit-identical to executing the operation.
    defer_bytes : int
        Copies (concatenations, selections) from this size on are put off until they are read.
    rewrite_work : int
        Number of elements from which rewrites are tried.
    content_id : callable, optional
        Names an array by its content.
    cache : OperationCache, optional
        Where results are kept; a `MemoryCache` under the budget by default.
    store : {"default"}, path or None
        Where results that are dear to compute outlive the process: the store of this place, or
        one in a folder that nobody else can write into. None (default): in memory alone.

    Notes
    -----
    The thread count and build of the BLAS library are taken to be constant within a session.
    """

    def __init__(
        self,
        *,
        budget_bytes: int | None = None,
        exact_only: bool = False,
        defer_bytes: int = 1 << 18,
        rewrite_work: int = _REWRITE_WORK,
        content_id: ContentId = fingerprint,
        cache: OperationCache | None = None,
        store: str | Path | None = None,
    ) -> None:
        if budget_bytes is not None and budget_bytes < 0:
            raise InvalidParameter("A budget cannot be negative.", got=str(budget_bytes))
        budget = _quarter_of_memory() if budget_bytes is None else budget_bytes
        self.cache: OperationCache = MemoryCache(budget) if cache is None else cache
        self.exact_only = exact_only
        self.defer_bytes = defer_bytes
        self.rewrite_work = rewrite_work
        self.stats = Stats()
        self.notes: deque[Note] = deque(maxlen=_NOTES)
        self.leaves = Leaves(content_id)
        self.ledger: dict[Any, Any] = {}
        self.flights = Flights()
        self._errstate = np.geterr()
        self.number = next(_numbers)
        runtime = runtime_of(store)
        self.tier = None if runtime is None else StoreTier(runtime, self.number)

    def evaluate(
        self,
        opcode: str,
        function: Callable[..., Any],
        text: str,
        cells: Sequence[Cell],
        args: Sequence[Any],
        kwargs: dict[str, Any] | None = None,
    ) -> Outcome:
        """Return an operation's outputs: reused, rewritten or executed.

        Parameters
        ----------
        opcode, text : str
            The operation and the canonical text of its arguments.
        function : callable
            What to call.
        cells : sequence of Cell
            The inputs.
        args, kwargs
            The arguments, with cells (or holes inside containers) in place of arrays.
        """
        item = make(opcode, tuple([cell.item for cell in cells]), text)
        flights = self.flights
        landed = flights.landed
        found = self.find(item)
        if found is not None:
            return found
        if not flights.begin(item.id):
            entry = flights.wait(item.id)
            found = None if entry is None else self._hit(entry)
            return found or self._produce(item, function, cells, args, kwargs)[0]
        entry = None
        try:
            # Another thread may have landed between the look-up and the claim.
            found = self.find(item) if flights.landed != landed else None
            if found is None:
                found, entry = self._produce(item, function, cells, args, kwargs)
            return found
        finally:
            flights.end(item.id, entry)

    def find(self, item: Item) -> Outcome | None:
        """Return what is known of an item: a living array or a cache entry."""
        entry = self.cache.get(item.id)
        if entry is not None:
            return self._hit(entry)
        alive = living(item, self.number)
        if alive is None or (self.exact_only and not alive.exact):
            return None if self.tier is None else self.recall(item)
        if self._errstate != np.geterr():
            return None
        self.stats.hits += 1
        return (alive,), None, REUSED

    def recall(self, item: Item) -> Outcome | None:
        """Return what the store keeps of an item."""
        entry = None if self.tier is None else self.tier.recall(item)
        if entry is None:
            return None
        found = self._hit(entry)
        if found is not None:
            self.stats.recalled += 1
            self.cache.admit(item.id, entry)
        return found and (*found[:2], RECALLED)

    def known(self, opcode: str, text: str, *cells: Cell) -> Cell | None:
        """Return the single output of an operation if it is at hand; never executes."""
        id = item_id(opcode, [cell.item for cell in cells], text)
        found = self.known_id(id)
        if found is None and self.tier is not None and self.tier.keeps(id):
            item = make(opcode, tuple(cell.item for cell in cells), text)
            outcome = self.recall(item)
            found = outcome[0][0] if outcome is not None and len(outcome[0]) == 1 else None
        return found

    def known_id(self, id: bytes) -> Cell | None:
        """Return the single output of an item if it is at hand, by its id."""
        entry = self.cache.get(id)
        if entry is not None:
            cell: Cell | None = entry.cells[0] if len(entry.cells) == 1 else None
        else:
            item = peek(id)
            cell = None if item is None else living(item, self.number)
            cell = cell if cell is not None and cell.ready else None
        if cell is None or (self.exact_only and not cell.exact):
            return None
        return cell

    def close(self) -> None:
        """End the use of the store; what is in memory stays."""
        tier, self.tier = self.tier, None
        if tier is not None:
            tier.close()

    def note(self, operation: str, reason: str) -> None:
        """Record that an operation left the trace."""
        self.stats.fallbacks += 1
        self.notes.append(Note(operation, reason))

    def _hit(self, entry: Entry) -> Outcome | None:
        if self._errstate != np.geterr():
            return None
        if self.exact_only and not all(cell.exact for cell in entry.cells):
            return None
        entry.hits += 1
        self.stats.hits += 1
        self.stats.saved_s += entry.cost_s
        return entry.cells, entry.payload, REUSED

    def _produce(
        self,
        item: Item,
        function: Callable[..., Any],
        cells: Sequence[Cell],
        args: Sequence[Any],
        kwargs: dict[str, Any] | None,
    ) -> tuple[Outcome, Entry | None]:
        """Rewrite or execute; return the outcome, and the entry that others may use."""
        rules = rules_for(item.opcode)
        if rules and (asked := _rules_to_ask(rules, cells)):
            call = Call(item.opcode, item.data, tuple(cells), tuple(args), kwargs or {}, self)
            rewritten = self._rewrite(asked, call, item)
            if rewritten is not None:
                return rewritten
        raw = [_raw(arg, cells) for arg in args]
        named = {name: _raw(value, cells) for name, value in kwargs.items()} if kwargs else {}
        before = 0 if self.tier is None else heard()
        start = perf_counter()
        result = function(*raw, **named)
        cost_s = perf_counter() - start
        self.stats.misses += 1
        self.stats.computed_s += cost_s
        outcome, entry = self._keep(item, cells, result, cost_s)
        dear = self.tier is not None and cost_s >= DEAR_S and heard() == before
        if dear and self.tier is not None and entry is not None:
            self.stats.kept += self.tier.offer(item, entry, cells)
        return outcome, entry

    def _keep(
        self, item: Item, cells: Sequence[Cell], result: Any, cost_s: float
    ) -> tuple[Outcome, Entry | None]:
        exact = True
        made = item
        for cell in cells:
            exact = exact and cell.exact
            if cell.made is not cell.item:
                made = make(item.opcode, tuple([c.made for c in cells]), item.data)
                exact = False
                break
        if type(result) is np.ndarray and result.base is None and result.dtype.kind != "O":
            # Nearly every operation ends here: one array that owns its elements.
            result.setflags(write=False)
            cell = Cell(item, result, made=made, exact=exact, scope=self.number).publish()
            entry = Entry((cell,), cost_s, result.nbytes + RECORD_BYTES)
            self.cache.admit(item.id, entry)
            return (entry.cells, None, COMPUTED), entry
        outputs, payload = collect(item, made, result, exact=exact, inputs=cells, scope=self.number)
        if payload is not None and not payload.lasting:
            self.note(item.opcode, "its result is not an array and may change")
            return (outputs, payload, COMPUTED), None
        entry = Entry(outputs, cost_s, owned_bytes(outputs), payload)
        self.cache.admit(item.id, entry)
        return (outputs, payload, COMPUTED), entry

    def _rewrite(
        self, rules: Sequence[Rule], call: Call, item: Item
    ) -> tuple[Outcome, Entry | None] | None:
        if max(cell.size for cell in call.cells) < self.rewrite_work:
            return None
        for rule in rules:
            if self.exact_only and not rule.exact:
                continue
            start = perf_counter()
            answer = rule.rewrite(call)
            if answer is None:
                continue
            if isinstance(answer, Declined):
                return None
            exact = rule.exact and answer.exact and all(cell.exact for cell in call.cells)
            cell = alias(answer, item, exact=exact, scope=self.number)
            self.stats.partial += 1
            self.stats.rules[rule.name] += 1
            size_bytes = owned_bytes((cell,)) if cell.ready else 0
            entry = Entry((cell,), perf_counter() - start, size_bytes)
            if cell.ready:
                self.cache.admit(item.id, entry)
            return ((cell,), None, Reason("rewritten", rule.name, rule.tolerance)), entry
        return None


def alias(answer: Cell, item: Item, *, exact: bool, scope: int) -> Cell:
    """Return the cell of an item whose value was computed in another way."""
    if answer.ready:
        cell = Cell(
            item, answer.value, made=answer.made, exact=exact, form=answer.form, scope=scope
        )
    else:
        cell = Cell(
            item, None, made=answer.made, exact=exact, form=answer.form, scope=scope,
            thunk=lambda: answer.value, shape=answer.shape, dtype=answer.dtype,
        )  # fmt: skip
    return cell.publish()


def _raw(value: Any, cells: Sequence[Cell]) -> Any:
    kind = type(value)
    if kind is Cell:
        if value.guard is None and value._value is not None and value.shape:
            return value._value
        # A zero-dimensional result was a scalar in NumPy, and scalars have rules of their own.
        return value.value if value.shape else value.value[()]
    if kind is Hole:
        return _raw(cells[value.position], cells)
    if kind is tuple or kind is list:
        return kind(_raw(v, cells) for v in value)
    if kind is dict:
        return {key: _raw(v, cells) for key, v in value.items()}
    return value


def _rules_to_ask(rules: list[Rule], cells: Sequence[Cell]) -> list[Rule]:
    flips = False
    for cell in cells:
        if cell.form is not None:
            if type(cell.form) is not Flip or cell.form.base.form is not None:
                return rules
            flips = True
    return [rule for rule in rules if rule.always or (flips and rule.plain_transposes)]


def _quarter_of_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    except (ValueError, OSError, AttributeError):
        return 1 << 30


_default = Session()
_current: ContextVar[Session] = ContextVar("clew_trace_session")


def current() -> Session:
    """Return the session of this context: the innermost `session` block, or the process's own."""
    return _current.get(_default)


@contextmanager
def session(**options: Any) -> Iterator[Session]:
    """Open a session of its own: nothing is shared with others, and all is freed at the end.

    Parameters
    ----------
    **options
        Those of `Session`: ``budget_bytes``, ``exact_only``, …

    Examples
    --------
    >>> import numpy as np
    >>> from clew.reuse.trace import session, trace
    >>> with session(exact_only=True) as here:
    ...     x = trace(np.arange(6.0).reshape(2, 3))
    ...     first, again = x.T @ x, x.T @ x
    >>> here.stats.hits
    1
    """
    made = Session(**options)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)
        made.close()
