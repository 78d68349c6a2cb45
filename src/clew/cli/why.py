"""``clew why``: the reason for what was done with each step of a run."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json, table


@click.command("why")
@click.argument("run", default="last")
@click.argument("step", required=False)
@json_option
def command(run: str, step: str | None, as_json: bool) -> None:
    """Say why the steps of RUN (the newest by default), or one STEP, were computed or reused."""
    from clew.app.store import open_store

    reasons = open_store().why(run, step)
    if as_json:
        print_json(
            [
                {
                    "step": why.use.label,
                    "decision": why.use.decision,
                    "reason": why.text(),
                    "code": why.use.reason.code,
                    "node": why.use.node,
                    "compared": why.compared.id if why.compared else None,
                    "changed": why.changed,
                }
                for why in reasons
            ]
        )
        return
    if step is None:
        rows = [(why.use.label, why.use.decision, why.text()) for why in reasons]
        table(["step", "decision", "why"], rows)
        return
    (why,) = reasons
    click.echo(f"{why.use.label}: {why.use.decision}")
    click.echo(f"  {why.use.reason.text}")
    if why.compared is not None:
        click.echo(f"  compared with {why.compared.id.hex()[:12]}, the nearest earlier call:")
        for difference in why.changed:
            click.echo(f"    {difference}")
