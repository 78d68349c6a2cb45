"""A store, opened: what users ask of it, in Python with the same verbs as on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from clew import entities
from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.blobs.objects import ObjectBlobs
from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.stores.sql import SqlStore
from clew.adapters.stores.sql.sqlite.salvage import damage_of, salvage
from clew.app import impact as _impact
from clew.app import names, query, rebuild, search, why
from clew.app.datasets import Dataset
from clew.app.evidence import evidence
from clew.app.features import Features
from clew.app.settings import load, local
from clew.app.tracking import tracking_of
from clew.app.upkeep.bundle import Bundle, export_thread
from clew.app.upkeep.check import Checkup, Problem, check, salvaged
from clew.app.upkeep.collect import GRACE_S, Collection, collect
from clew.app.upkeep.unbundle import import_thread
from clew.app.wiring import install, open_runtime, settings_of
from clew.entities import View
from clew.errors import NotFound, StoreError
from clew.lineage import diff as _diff
from clew.lineage import graph, trace
from clew.lineage.cache.tiers import TieredBlobs
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.ports import BlobStore
from clew.lineage.records import LogEntry, Node, Run, Use
from clew.lineage.values import ValueVault
from clew.steps.runtime import Runtime


def open_store(path: str | Path | None = None) -> Store:
    """Open a store; it is made where there is none.

    Parameters
    ----------
    path : str or Path, optional
        Its folder, or the address of a server (``http://HOST:PORT``) or of a PostgreSQL database
        (``postgresql://USER@HOST/DATABASE``); without it the one that the settings name (see
        `clew.app.settings`).

    Raises
    ------
    StoreError
        When it cannot be opened or written, or lies on a network file system.

    Examples
    --------
    >>> import clew
    >>> store = clew.open()
    >>> store.runs()
    []
    """
    install()
    return Store(open_runtime(load(store=path)))


def mend_store(path: str | Path | None = None) -> Checkup:
    """Check a store and put right what can be put right, even if it cannot be opened.

    Parameters
    ----------
    path : str or Path, optional
        Its folder; without it the one that the settings name.

    Raises
    ------
    StoreError
        When nothing can be read of its database.
    """
    install()
    settings = local(load(store=path), "`clew fsck`")
    database = settings.store / "clew.db"
    first: tuple[Problem, ...] = ()
    try:
        store = open_store(path)
    except StoreError:
        damage = "" if settings.database is not None else damage_of(database)
        if not damage:
            raise
        first = (salvaged(salvage(database), database, damage),)
        store = open_store(path)
    found = store.fsck(repair=True)
    return replace(found, problems=first + found.problems)


class Store:
    """An open store. Every id may be shortened to a beginning that names one thing."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @property
    def path(self) -> Path:
        """Folder of the store; of a database's, where this machine keeps what is its own.

        Raises
        ------
        InvalidState
            When it is a server's.
        """
        self._demand_local("the folder")
        return Path(self.runtime.folder)

    @property
    def address(self) -> str:
        """Where the store is: its folder, or the address of its server or database."""
        return self.runtime.location

    def _demand_local(self, verb: str) -> None:
        if self.runtime.location != self.runtime.folder:
            local(settings_of(self.address), verb)

    def runs(self, flow: str | None = None, limit: int = 20) -> list[Run]:
        """Return the newest runs first, of one flow (``module:name``) if given."""
        return list(self.runtime.store.runs(flow=flow, limit=limit))

    def find(
        self,
        filter: str = "",
        *,
        flow: str | None = None,
        experiments: Sequence[str] | None = None,
        learner: str | None = None,
        features: Sequence[str] = (),
        since: str | float | None = None,
        order_by: Sequence[str] = (),
        view: View = "active",
        limit: int = 20,
    ) -> list[entities.Run]:
        """Find runs, tracked ones and those of flows, the newest first by default.

        "That logistic regression of last week with feature age" is
        ``store.find(learner="LogisticRegression", features=["age"], since="7d")``.

        Parameters
        ----------
        filter : str
            MLflow's filter (`clew.track.query`).
        learner : str, optional
            Name of the class that was fitted; of a pipeline its last step counts.
        features : sequence of str
            Columns that were all among the inputs.
        since : str or float, optional
            Only runs that started within ``"30m"``, ``"12h"``, ``"7d"``, ``"2w"``, or seconds.
        """
        return search.find(
            tracking_of(self.runtime),
            filter,
            flow=flow,
            experiments=experiments,
            learner=learner,
            features=features,
            since=since,
            order_by=order_by,
            view=view,
            limit=limit,
        )

    def run(self, id: str = "last") -> Run:
        """Return one run; ``last`` is the newest."""
        return names.run_of(self.runtime, id)

    def uses(self, run: str = "last") -> list[Use]:
        """Return how a run used each of its steps, in order."""
        return list(self.runtime.store.uses(self.run(run).id))

    def entries(self, run: str = "last") -> list[LogEntry]:
        """Return what a run logged, in order."""
        return list(self.runtime.store.entries(self.run(run).id))

    def node(self, id: str) -> Node:
        """Return one node, by id or as ``RUN:STEP``."""
        nodes = names.nodes_of(self.runtime, id)
        if not nodes:
            raise NotFound(f"{id!r} names no node", hint="give a node's id or RUN:STEP")
        return nodes[0]

    def value(self, id: str) -> Any:
        """Return a value: by its id, or the result of a node, of ``RUN:STEP`` or of a run."""
        return self.runtime.vault.get(self.value_id(id))

    def value_id(self, id: str) -> ValueId:
        """Return the content id of a value: see `value`."""
        head, colon, _ = id.partition(":")
        if not colon and head not in ("last", "-1"):
            found = names.find(self.runtime, id)
            if found.kind == "value":
                return ValueId(Digest(bytes.fromhex(found.id)))
            if found.kind == "node":
                return _result(self.node(id), id)
        elif colon:
            return _result(self.node(id), id)
        run = self.run(id)
        if run.result is None:
            raise NotFound(f"run {run.id} has no stored result", got=f"status {run.status}")
        return run.result

    def lineage(
        self, id: str, *, up: bool = True, down: bool = False, depth: int | None = None
    ) -> graph.Lineage:
        """Return the graph around a node, a value, or all nodes of a run."""
        nodes = names.nodes_of(self.runtime, id)
        focus = [node.id for node in nodes]
        return graph.around(self.runtime.store, focus, up=up, down=down, depth=depth)

    def paths(self, start: str, end: str) -> tuple[tuple[NodeId, ...], ...]:
        """Return the paths along the arrows from one node to another."""
        return graph.paths(self.runtime.store, self.node(start).id, self.node(end).id)

    def why(self, run: str = "last", step: str | None = None) -> list[why.Why]:
        """Return for each step of a run (or one of them) what was done with it, and why."""
        record = self.run(run)
        if step is not None:
            return [why.why(self.runtime, names.use_of(self.runtime, record, step))]
        return [why.why(self.runtime, use) for use in self.runtime.store.uses(record.id)]

    def diff(self, a: str, b: str) -> tuple[_diff.Parting, ...]:
        """Return the first nodes at which two threads part, and why."""
        return _diff.diff(self.runtime.store, self._pairs(a, b))

    def _pairs(self, a: str, b: str) -> Sequence[tuple[Node, Node]]:
        one, two = names.nodes_of(self.runtime, a), names.nodes_of(self.runtime, b)
        if not one or not two:
            raise NotFound(f"{(a if not one else b)!r} has no nodes to compare")
        if len(one) == len(two) == 1:
            return [(one[0], two[0])]
        by_operation: dict[str, list[Node]] = {}
        for node in two:
            by_operation.setdefault(node.operation, []).append(node)
        return [
            (node, by_operation[node.operation].pop(0))
            for node in one
            if by_operation.get(node.operation)
        ]

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of a name, whose versions are kept here; it may have none yet.

        Parameters
        ----------
        name : str
            Letters, digits, ``_``, ``-`` and ``.``; the first `commit` makes it.
        """
        return Dataset(self, name)

    def features(self, name: str) -> Features:
        """Return the feature view of a name; `define` makes it."""
        return Features(self, name)

    def rebuild(self, id: str) -> rebuild.Rebuilt:
        """Execute a thread again in a fresh process and compare every content id."""
        nodes = names.nodes_of(self.runtime, id)
        if not nodes:
            raise NotFound(f"{id!r} has no nodes to rebuild")
        folder, directory = self._places(nodes)
        return rebuild.rebuild(self.runtime, [node.id for node in nodes], folder, directory)

    def _places(self, nodes: Sequence[Node]) -> tuple[str, str]:
        """Return whence the newest run that used one of the nodes imported, and where it stood."""
        wanted = {node.id for node in nodes}
        for run in self.runtime.store.runs(limit=200):
            if wanted & {use.node for use in self.runtime.store.uses(run.id)}:
                context = json.loads(run.context)
                directory = str(context.get("directory") or Path.cwd())
                return str(context.get("import_from") or directory), directory
        return str(Path.cwd()), str(Path.cwd())

    def trace(self, id: str) -> str:
        """Return a thread as text, one line a node, sources first."""
        return trace.serialise(self.lineage(id).nodes)

    def impact(self, what: str) -> _impact.Impact:
        """Return what depends on a path, an id, or a library (``pandas==3.1.1``)."""
        return _impact.impact(self.runtime, what)

    def sql(self, text: str) -> query.Answer:
        """Answer a query in SQL over views: runs, metrics, models, nodes, …

        Raises
        ------
        MissingExtra
            Without DuckDB: ``pip install 'clew[sql]'``.
        """
        self._demand_local("SQL")
        return query.sql(self._graph, text)

    def gc(
        self,
        *,
        dry_run: bool = True,
        older_than_s: float | None = None,
        budget_bytes: int | None = None,
        metric: str | None = None,
        grace_s: float = GRACE_S,
    ) -> Collection:
        """Drop the bytes of values that no run needs, that are old, or that exceed the budget.

        Records stay: what was dropped can still be explained, and computed again.

        Parameters
        ----------
        dry_run : bool, default True
            Only say what would go.
        older_than_s : float, optional
            Also drop what only runs older than this use, in seconds.
        budget_bytes : int, optional
            Keep what is most useful of what fits: by how often runs used it and how long making it
            again takes, for its size; the setting ``budget_gb`` if not given.
        metric : str, optional
            Metric from 0 to 1 that says how good a model is: then what leads to good models counts
            as much.
        grace_s : float, default 3600
            Never drop what was used within so many seconds.
        """
        self._demand_local("`clew gc`")
        if budget_bytes is None:
            budget_bytes = settings_of(self.address).budget_bytes
        return collect(
            self.runtime.store,
            self._blobs,
            roots=self._graph.artifact_contents() | evidence(self.runtime),
            dry_run=dry_run,
            older_than_s=older_than_s,
            budget_bytes=budget_bytes,
            metric=metric,
            load_s=self.runtime.vault.load_s,
            grace_s=grace_s,
        )

    def fsck(self, *, repair: bool = False) -> Checkup:
        """Check the database, every value's bytes, and runs whose process is gone."""
        self._demand_local("`clew fsck`")
        return check(self._graph, self._files, repair=repair)

    def export(self, id: str, file: str | Path) -> Bundle:
        """Write a thread (of a run, a node or a value) with its values to one file."""
        whole = ":" not in id
        if whole and (id in ("last", "-1") or names.find(self.runtime, id).kind == "run"):
            return export_thread(self.runtime.store, self._blobs, file, run=self.run(id).id)
        return export_thread(self.runtime.store, self._blobs, file, node=self.node(id).id)

    def import_(self, file: str | Path, *, trust: bool = False) -> Bundle:
        """Read a thread from a file that `export` wrote; everything in it is verified.

        Parameters
        ----------
        trust : bool, default False
            Also take values that can only be read by running code (pickles).
        """
        return import_thread(self.runtime.store, self._blobs, file, trust=trust)

    @property
    def _graph(self) -> SqlStore:
        return cast(SqlStore, self.runtime.store)

    @property
    def _blobs(self) -> BlobStore:
        return cast(ValueVault, self.runtime.vault).blobs

    @property
    def _files(self) -> LocalBlobs | ObjectBlobs:
        large = cast(SplitBlobs, self._blobs).large
        return cast(LocalBlobs | ObjectBlobs, cast(TieredBlobs, large).blobs)


def _result(node: Node, id: str) -> ValueId:
    result = node.output("items") or node.output("result")
    if result is None:
        raise NotFound(f"{id!r} has no result", hint="its step raised an exception")
    return result
