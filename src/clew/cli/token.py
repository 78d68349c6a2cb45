"""``clew token``: who may ask a server that others reach."""

from __future__ import annotations

import getpass

import click

from clew.cli.output import json_option, moment, print_json, table


@click.group("token")
def command() -> None:
    """Make, list and revoke the tokens of this store's server."""


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("log",),
    show_default=True,
    type=click.Choice(["read", "log", "promote", "admin"]),
    help="What it may do; includes those before it. May be repeated.",
)
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Refused after so long.")
@json_option
def create(name: str, scopes: tuple[str, ...], days: float | None, as_json: bool) -> None:
    """Make a token for NAME (a person or a program) and print it, this once.

    MLflow clients take it as MLFLOW_TRACKING_TOKEN, others as `Authorization: Bearer TOKEN` or as
    the password of basic authentication.
    """
    from clew.app import access
    from clew.app.served import open_served
    from clew.app.settings import load

    served = open_served(load())
    who = getpass.getuser()
    token, secret = access.issue(served, who, name, scopes, expires_days=days)
    if as_json:
        print_json({"id": token.id, "name": token.name, "scopes": token.scopes, "token": secret})
    else:
        click.echo(secret)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List tokens, newest first; not their secrets, which nobody can tell again."""
    from clew.app.served import open_served
    from clew.app.settings import load

    tokens = open_served(load()).tokens.list()
    rows = [
        {
            "id": token.id,
            "name": token.name,
            "scopes": ", ".join(token.scopes),
            "created (UTC)": moment(token.created_ms),
            "last used (UTC)": moment(token.last_used_ms),
            "expires (UTC)": moment(token.expires_ms),
            "revoked (UTC)": moment(token.revoked_ms),
        }
        for token in tokens
    ]
    if as_json:
        print_json(rows)
    elif rows:
        table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        click.echo("no tokens yet; clew token create NAME makes one")


@command.command("revoke")
@click.argument("id")
def revoke(id: str) -> None:
    """Revoke the token ID: it is refused from now on."""
    from clew.app import access
    from clew.app.served import open_served
    from clew.app.settings import load

    access.withdraw(open_served(load()), getpass.getuser(), id)
    click.echo(f"revoked {id}")
