"""``clew server``: serve a store to browsers, MLflow clients and other programs."""

from __future__ import annotations

import os

import click


@click.command("server")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=5080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A further name under which clients may address it; may be repeated.",
)
@click.option(
    "--artifacts",
    metavar="URL",
    help="Keep artifacts and large values in s3://BUCKET/PREFIX?endpoint=URL&region=NAME.",
)
@click.option(
    "--accept-pickles",
    is_flag=True,
    help="Take values of clients whose reading runs code; for servers of people who trust each "
    "other.",
)
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
def command(
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    artifacts: str | None,
    accept_pickles: bool,
    access_log: bool,
) -> None:
    """Serve the store: web UI, MLflow's protocol and REST, until Ctrl-C.

    On this machine alone it is open to everybody who may use the machine. Where others can reach
    it, it demands a token (`clew token create`).
    """
    from clew.api.server.run import run

    if artifacts is not None:
        os.environ["CLEW_ARTIFACTS"] = artifacts
    run(
        host,
        port,
        hosts=allow_host,
        accept_pickles=accept_pickles,
        access_log=access_log,
        ready=_ready,
    )


def _ready(address: str, needs_token: bool) -> None:
    click.echo(f"clew serves {address}  (Ctrl-C ends it)")
    click.echo(f"  MLFLOW_TRACKING_URI={address}  or  CLEW_STORE={address}")
    if needs_token:
        click.echo("  clients need a token: clew token create NAME")
