"""``clew serve``: answer requests with a model of the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from clew.app.deployments.open import Opened


@click.command("serve")
@click.argument("models", nargs=-1, required=True)
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
    models: tuple[str, ...],
    name: str | None,
    sample: Path | None,
    host: str,
    port: int,
    cache_size: int,
    keep: bool,
    trust: bool,
) -> None:
    """Serve MODELS over HTTP until Ctrl-C.

    A model is a deployment by its name (see clew deploy), a registered version (adult@champion,
    adult/3), RUN:STEP, a node or a value. Aliases and deployments are followed: when they change,
    the new version answers, and no request is dropped.

    It speaks the Open Inference Protocol, MLflow's /invocations, and plain rows.
    """
    from clew.api.inference.run import run
    from clew.app.deployments.open import Settings

    settings = Settings(name=name, sample=sample, trust=trust, cache_size=cache_size)
    run(models, host, port, settings=settings, ready=_ready, keep=keep)


def _ready(address: str, opened: Opened) -> None:
    for model in opened.models:
        _say(address, model.name, f"{model.compiled.form}: {model.compiled.attempts[-1].reason}")
    for keeper in opened.keepers:
        state, parts = keeper.state, keeper.router.running.parts
        arms = ", ".join(
            f"{arm.role} {arm.key} ({parts[arm.key].hosted.compiled.form})" for arm in state.arms
        )
        _say(address, state.name, f"{state.config.policy}: {arms}")


def _say(address: str, name: str, told: str) -> None:
    click.echo(f"clew serves {name} at {address}  (Ctrl-C ends it)")
    click.echo(f"  {told}")
    click.echo(f"  curl {address}/v2/models/{name}/predict -d '{{\"rows\": [{{…}}]}}'")
