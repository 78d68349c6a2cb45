"""``clew serve``: answer requests with a model of the store."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("serve")
@click.argument("model")
@click.option("--name", help="Under which clients ask for it; the step's name by default.")
@click.option(
    "--sample",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with rows as the model was fitted on; from lineage by default.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=5090,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--cache",
    "cache_size",
    default=0,
    show_default=True,
    type=click.IntRange(0, 10_000_000),
    help="Remember this many answers by their rows.",
)
@click.option("--trust", is_flag=True, help="Also read types that are no library's own.")
@click.option(
    "--keep/--no-keep", default=True, show_default=True, help="Keep every prediction in the store."
)
def command(
    model: str,
    name: str | None,
    sample: Path | None,
    host: str,
    port: int,
    cache_size: int,
    keep: bool,
    trust: bool,
) -> None:
    """Serve MODEL over HTTP until Ctrl-C.

    MODEL is a registered version (adult@champion, adult/3), RUN:STEP, a node or a value. An alias
    is followed: when it moves, the new version answers, and no request is dropped.

    It speaks the Open Inference Protocol, MLflow's /invocations, and plain rows.
    """
    from clew.api.inference.run import run

    run(
        model,
        host,
        port,
        name=name,
        sample=sample,
        cache_size=cache_size,
        keep=keep,
        trust=trust,
        ready=_ready,
    )


def _ready(address: str, name: str, form: str, reason: str) -> None:
    click.echo(f"clew serves {name} at {address}  (Ctrl-C ends it)")
    click.echo(f"  {form}: {reason}")
    click.echo(f"  curl {address}/v2/models/{name}/predict -d '{{\"rows\": [{{…}}]}}'")
