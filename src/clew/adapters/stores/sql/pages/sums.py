"""Sums over a store: what it holds, and what reuse saved."""

from __future__ import annotations

from collections import defaultdict
from typing import get_args

from clew.adapters.stores.sql.connection import Connection
from clew.entities.overview import RecentModel, ReuseDay, ReuseSummary, Totals
from clew.lineage.records import Decision

_DECISIONS: tuple[str, ...] = get_args(Decision)
_STUDY = "clew.select:study"
# The label of the one use by which a logged run refers to its own node.
_REUSE = (
    "SELECT date(run.started_ms / 1000, 'unixepoch'), use.decision, count(*), "
    "sum(use.wall_s), sum(use.saved_s), sum(CASE WHEN use.decision = 2 THEN node.wall_s END) "
    "FROM run CROSS JOIN use ON use.run = run.n LEFT JOIN node ON node.n = use.node "
    "WHERE run.started_ms >= ? AND run.flow IS NOT NULL AND run.lifecycle = 0 "
    "GROUP BY 1, 2 ORDER BY 1"
)
_TOTALS = (
    "SELECT (SELECT count(*) FROM experiment WHERE lifecycle = 0), "
    "(SELECT count(*) FROM run WHERE lifecycle = 0), "
    "(SELECT count(*) FROM run WHERE lifecycle = 0 AND status IN ('running', 'scheduled')), "
    "(SELECT count(*) FROM node), (SELECT count(*) FROM value), "
    "(SELECT coalesce(sum(size_bytes), 0) FROM value WHERE state = 1), "
    "(SELECT count(DISTINCT name) FROM dataset), (SELECT count(*) FROM registered), "
    "(SELECT count(*) FROM version), (SELECT count(*) FROM node WHERE operation = "
    "(SELECT n FROM word WHERE text = ?))"
)
_RECENT = (
    "SELECT g.name, v.version, v.created_ms, v.user, v.run_id, (SELECT group_concat(a.alias, ',') "
    "FROM alias AS a WHERE a.registered = v.registered AND a.version = v.version) "
    "FROM version AS v JOIN registered AS g ON g.n = v.registered "
    "ORDER BY v.created_ms DESC, v.version DESC LIMIT ?"
)


def reuse(connection: Connection, since_ms: int) -> ReuseSummary:
    """Return what runs that started since then computed and reused."""
    counts: dict[str, int] = dict.fromkeys(_DECISIONS, 0)
    days: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    pruned_s = 0.0
    for day, decision, count, wall_s, saved_s, cost_s in connection.execute(
        _REUSE, (since_ms,)
    ).fetchall():
        word = _DECISIONS[decision]
        counts[word] += count
        days[day][word] += count
        days[day]["computed_s"] += (wall_s or 0.0) if word in ("computed", "failed") else 0.0
        days[day]["saved_s"] += saved_s or 0.0
        pruned_s += cost_s or 0.0
    return ReuseSummary(
        computed=counts["computed"],
        reused=counts["reused"],
        pruned=counts["pruned"],
        failed=counts["failed"],
        computed_s=sum(one["computed_s"] for one in days.values()),
        saved_s=sum(one["saved_s"] for one in days.values()),
        pruned_s=pruned_s,
        days=[
            ReuseDay(
                day=day,
                computed=int(one["computed"]),
                reused=int(one["reused"]),
                pruned=int(one["pruned"]),
                computed_s=one["computed_s"],
                saved_s=one["saved_s"],
            )
            for day, one in days.items()
        ],
    )


def totals(connection: Connection) -> Totals:
    """Return what the store holds."""
    row = connection.execute(_TOTALS, (_STUDY,)).fetchone()
    return Totals(**dict(zip(Totals.__struct_fields__, row, strict=True)))


def recent_models(connection: Connection, limit: int) -> tuple[RecentModel, ...]:
    """Return the newest versions of registered models."""
    rows = connection.execute(_RECENT, (limit,)).fetchall()
    return tuple(
        RecentModel(
            name=name,
            version=version,
            created_ms=created_ms,
            user=user,
            aliases=sorted(aliases.split(",")) if aliases else [],
            run_id=run_id,
        )
        for name, version, created_ms, user, run_id, aliases in rows
    )
