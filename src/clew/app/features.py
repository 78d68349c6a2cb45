"""Feature views in the store: defined once, read for training and for serving."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from clew.app import facts
from clew.app.evidence import ONLINE
from clew.app.tracking import tracking_of
from clew.app.trail import tell
from clew.data import features as known
from clew.data.features import FeatureView
from clew.errors import InvalidParameter, InvalidState, NotFound
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.fingerprint import fingerprint

if TYPE_CHECKING:
    from clew.app.store import Store

SUBJECT = "feature-view"
_NS = 1_000_000_000


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A feature view as it stands.

    Parameters
    ----------
    view : FeatureView
    online : str or None
        Content id of the table that serves.
    node : str or None
        Id of the node that made it.
    at_ns : int
        What was known when it was made.
    """

    view: FeatureView
    online: str | None = None
    node: str | None = None
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what serves is, in seconds.

    Parameters
    ----------
    materialized_s : float
        Since the table was made.
    newest_s, oldest_s : float or None
        Since the values of the entity that changed last, and first, hold.
    entities : int
    """

    materialized_s: float
    newest_s: float | None
    oldest_s: float | None
    entities: int


class Features:
    """A feature view of the store.

    Parameters
    ----------
    store : Store
    name : str
    """

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store
        self._served: tuple[str, dict[tuple[Any, ...], tuple[int, dict[str, Any]]]] | None = None

    def define(self, view: FeatureView) -> FeatureView:
        """Define the view, or define it anew: what served by another definition serves no more.

        Raises
        ------
        InvalidParameter
            When the view has another name.
        """
        if view.name != self.name:
            raise InvalidParameter("a view keeps its name", got=view.name, expected=self.name)
        with facts.holding(self._store, f"{SUBJECT}/{self.name}"):
            before = self._state()
            if before is None or before.view != view:
                self._put(State(view=view), "feature-view.defined", before)
        return view

    @property
    def view(self) -> FeatureView:
        """The definition."""
        return self._known().view

    def history(self, rows: Any, table: Any, *, time: str = "time") -> Any:
        """Return rows with the features that were known at their times (`clew.data.features`)."""
        return known.history(rows, [(self.view, table)], time=time)

    def materialize(self, table: Any, *, at_s: float | None = None) -> str:
        """Make what is known now what `get_online` gives; return the id of the node.

        Parameters
        ----------
        table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
            The whole table of the view, as `history` takes it.
        at_s : float, optional
            Seconds since 1970; default: now.

        Raises
        ------
        InvalidState
            When what serves is of a later time.
        """
        with facts.holding(self._store, f"{SUBJECT}/{self.name}"):
            return self._materialize(table, at_s)

    def _materialize(self, table: Any, at_s: float | None) -> str:
        state = self._known()
        at_ns = time.time_ns() if at_s is None else round(at_s * _NS)
        if state.online is not None and at_ns < state.at_ns:
            raise InvalidState(
                "what serves is of a later time",
                got=f"{at_ns / _NS:.0f} s",
                expected=f"{state.at_ns / _NS:.0f} s or later",
            )
        view = state.view
        online = known.latest(view, table, at_ns).combine_chunks()
        inputs: dict[str, Any] = {
            "view": msgspec.to_builtins(view),
            "table": fingerprint(view.table(table)),
            "at_ns": at_ns,
        }
        value = facts.stored(self._store, online)
        node = facts.record(self._store, ONLINE, "table", inputs, {"result": value}).hex()
        after = msgspec.structs.replace(state, online=value.hex(), node=node, at_ns=at_ns)
        self._put(after, "feature-view.materialized", state)
        return node

    def get_online(self, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the features of entities; None for what is not known or too old.

        Parameters
        ----------
        keys : sequence of mapping
            The entities' values, by the names of the view's entities.

        Raises
        ------
        InvalidParameter
            When a key lacks an entity.
        InvalidState
            When the view was never materialized.
        """
        state = self._known()
        view, served = state.view, self._index(state)
        now = time.time_ns()
        found = []
        for key in keys:
            missing = [name for name in view.entities if name not in key]
            if missing:
                raise InvalidParameter(
                    "a key lacks an entity", got=repr(dict(key)), expected=", ".join(view.entities)
                )
            since, values = served.get(tuple(key[name] for name in view.entities), (0, None))
            old = view.ttl_s is not None and now - since > view.ttl_s * _NS
            found.append(dict.fromkeys(view.features) if values is None or old else dict(values))
        return found

    def freshness(self) -> Freshness:
        """Return how old what serves is."""
        state = self._known()
        times = [since for since, _ in self._index(state).values()]
        now = time.time_ns()
        return Freshness(
            materialized_s=(now - state.at_ns) / _NS,
            newest_s=(now - max(times)) / _NS if times else None,
            oldest_s=(now - min(times)) / _NS if times else None,
            entities=len(times),
        )

    def _index(self, state: State) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
        if state.online is None:
            raise InvalidState(
                f"{self.name} was never materialized",
                hint=f"clew data features materialize {self.name} TABLE",
            )
        if self._served is None or self._served[0] != state.online:
            view = state.view
            table = self._store.runtime.vault.get(ValueId(Digest(bytes.fromhex(state.online))))
            keys = zip(*(table.column(name).to_pylist() for name in view.entities), strict=True)
            times = known.times_of(table.column(view.event_time), view.event_time).tolist()
            values = table.select(list(view.features)).to_pylist()
            rows = dict(zip(keys, zip(times, values, strict=True), strict=True))
            self._served = (state.online, rows)
        return self._served[1]

    def _state(self) -> State | None:
        audit = tracking_of(self._store.runtime).audit
        events = audit.events(subject=f"{SUBJECT}/{self.name}", limit=1).items
        after = events[0].after if events else None
        return msgspec.json.decode(after, type=State) if after else None

    def _known(self) -> State:
        state = self._state()
        if state is None:
            raise NotFound(
                f"no feature view {self.name!r}", hint=f"clew data features define {self.name}"
            )
        return state

    def _put(self, state: State, action: str, before: State | None) -> None:
        tell(
            tracking_of(self._store.runtime).audit,
            facts.user(),
            action,
            f"{SUBJECT}/{self.name}",
            before=None if before is None else msgspec.to_builtins(before),
            after=msgspec.to_builtins(state),
        )
