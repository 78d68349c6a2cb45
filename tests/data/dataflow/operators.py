"""The operators that dataflows promise, each as an expression over two tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PEOPLE: dict[str, list[Any]] = {
    "name": ["Ann", "Bo", "Cy", "Di", None, "Ed", "Ann"],
    "team": [1, 2, 1, 3, 2, None, 1],
    "pay": [10.5, 20.0, None, 7.25, 20.0, 3.0, 10.5],
    "since": ["2019-01", "2020-05", "2020-07", "2021-03", "2022-02", "2023-09", "2024-04"],
}
PEOPLE["since"] = [f"{month}-11" for month in PEOPLE["since"]]
TEAMS = {"team": [1, 2, 2, 4], "title": ["x", "y", "z", "w"]}

Make = Callable[[Any, Any], Any]


def _window(p: Any) -> Any:
    import ibis

    return ibis.window(group_by="team", order_by=["pay", "since"])


OPERATORS: dict[str, Make] = {
    "filter": lambda p, t: p.filter((p.team > 1) & p.pay.notnull()),
    "select": lambda p, t: p.select("name", "pay"),
    "mutate": lambda p, t: p.mutate(twice=p.pay * 2),
    "rename": lambda p, t: p.rename(who="name"),
    "drop": lambda p, t: p.drop("pay"),
    "cast": lambda p, t: p.mutate(whole=p.pay.cast("int64"), day=p.since.cast("date")),
    "case": lambda p, t: p.mutate(rich=(p.pay > 9).ifelse("yes", "no")),
    "fill_null": lambda p, t: p.fill_null({"pay": 0.0, "name": "?"}),
    "drop_null": lambda p, t: p.drop_null(["team"]),
    "strings": lambda p, t: p.mutate(u=p.name.upper(), l=p.name.length(), h=p.name.contains("n")),
    "dates": lambda p, t: p.mutate(y=p.since.cast("date").year(), m=p.since.cast("date").month()),
    "distinct": lambda p, t: p.select("team").distinct(),
    "order_limit": lambda p, t: p.drop_null(["team"]).order_by(["team", "since"]).limit(3),
    "inner_join": lambda p, t: p.join(t, "team"),
    "left_join": lambda p, t: p.left_join(t, "team"),
    "right_join": lambda p, t: p.right_join(t, "team"),
    "outer_join": lambda p, t: p.outer_join(t, "team"),
    "semi_join": lambda p, t: p.semi_join(t, "team"),
    "anti_join": lambda p, t: p.anti_join(t, "team"),
    "cross_join": lambda p, t: p.select("name").cross_join(t.select("title")),
    "self_join": lambda p, t: p.join(p.view(), "team"),
    "union": lambda p, t: p.select("team").union(t.select("team")),
    "union_distinct": lambda p, t: p.select("team").union(t.select("team"), distinct=True),
    "group": lambda p, t: p.group_by("team").agg(
        n=p.count(), s=p.pay.sum(), a=p.pay.mean(), lo=p.pay.min(), hi=p.name.max()
    ),
    "nunique": lambda p, t: p.group_by("team").agg(k=p.name.nunique()),
    "aggregate": lambda p, t: p.agg(n=p.count(), s=p.pay.sum()),
    "group_of_groups": lambda p, t: (
        p.group_by("team").agg(n=p.count()).group_by("n").agg(m=lambda g: g.team.max())
    ),
    "group_of_join": lambda p, t: p.join(t, "team").group_by("title").agg(s=lambda j: j.pay.sum()),
    "join_of_group": lambda p, t: p.group_by("team").agg(n=p.count()).join(t, "team"),
    "group_of_union": lambda p, t: (
        p.select("team").union(t.select("team")).group_by("team").agg(n=lambda u: u.count())
    ),
    "pivot": lambda p, t: p.pivot_wider(
        id_cols="team",
        names_from="name",
        values_from="pay",
        values_agg="sum",
        names=["Ann", "Bo"],
    ),
    # Not followed row by row:
    "intersect": lambda p, t: p.select("team").intersect(t.select("team")),
    "difference": lambda p, t: t.select("team").difference(p.select("team")),
    "window": lambda p, t: p.mutate(k=p.pay.lag().over(_window(p))),
}
UNFOLLOWED = ("intersect", "difference", "window")
