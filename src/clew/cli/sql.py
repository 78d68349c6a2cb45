"""``clew sql``: ask the store in SQL."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json, table


@click.command("sql")
@click.argument("query")
@json_option
def command(query: str, as_json: bool) -> None:
    """Answer QUERY over the views runs, params, metrics, nodes, edges, values and costs.

    Example: clew sql "select flow, count(*) from runs group by flow"
    """
    from clew.app.store import open_store

    answer = open_store().sql(query)
    if as_json:
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    else:
        table(answer.columns, answer.rows)
