"""``clew fsck``: check the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json, table

if TYPE_CHECKING:
    from clew.app.upkeep.check import Problem


def _said(problem: Problem) -> str:
    if not problem.repaired:
        return problem.text
    return f"repaired: {problem.text}" if problem.kind == "database" else "repaired"


@click.command("fsck")
@click.option("--repair", is_flag=True, help="Mend what can be mended; nothing good is lost.")
@json_option
def command(repair: bool, as_json: bool) -> None:
    """Check the database, every value's bytes, and runs whose process is gone.

    Exit status 0 when nothing harmful is left, 1 otherwise.
    """
    from clew.app.store import mend_store, open_store

    checkup = mend_store() if repair else open_store().fsck()
    left = [p for p in checkup.problems if p.harm and not p.repaired]
    if as_json:
        print_json(checkup)
    else:
        rows = [(p.kind, p.what, _said(p)) for p in checkup.problems]
        if rows:
            table(["problem", "where", "what"], rows)
        click.echo(f"checked {checkup.values} values and {checkup.runs} runs: ", nl=False)
        click.echo(f"{len(checkup.problems)} problems" if checkup.problems else "sound")
        if left and not repair:
            click.echo("to mend what can be mended: clew fsck --repair")
    if left:
        raise SystemExit(1)
