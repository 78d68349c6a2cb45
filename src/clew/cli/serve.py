"""``clew serve``: answer requests with a model of the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from clew.api.inference.run import Ready
    from clew.app.deployments.open import Batching


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
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    help="Port for the protocol over gRPC; 0 takes a free one; not answered by default.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A further name under which clients may address it; may be repeated.",
)
@click.option(
    "--max-body-mb",
    default=64,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Largest body of a request, unpacked.",
)
@click.option(
    "--max-rows",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="Most rows of a request.",
)
@click.option(
    "--max-waiting",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="Most rows that wait; more are refused with 429.",
)
@click.option(
    "--batching",
    default="fit",
    show_default=True,
    type=click.Choice(["fit", "aimd", "single"]),
    help="How the size of batches is decided: by what they are seen to cost, by trial and error, "
    "or every row alone.",
)
@click.option(
    "--objective-ms",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0.1, 60_000),
    help="Latency that batches are to keep, the wait included.",
)
@click.option(
    "--wait-ms",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 10_000),
    help="How long a request may wait for others to come.",
)
@click.option(
    "--timeout",
    "timeout_s",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0.001, 86_400),
    help="Seconds that a request may take.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that answer on the same ports; one that dies is replaced.",
)
@click.option(
    "--access-log",
    is_flag=True,
    help="Print a line of JSON for each request, with its answer's id.",
)
@click.option(
    "--traces", is_flag=True, help="Tell OpenTelemetry of each request (its variables say where)."
)
@click.option("--unproven", is_flag=True, help="Also versions that their gates have not passed.")
@click.option("--trust", is_flag=True, help="Also read types that are no library's own.")
@click.option(
    "--keep/--no-keep", default=True, show_default=True, help="Keep every prediction in the store."
)
def command(
    models: tuple[str, ...],
    name: str | None,
    sample: Path | None,
    cache_size: int,
    trust: bool,
    max_body_mb: int,
    max_rows: int,
    max_waiting: int,
    timeout_s: float,
    unproven: bool,
    batching: Batching,
    objective_ms: float,
    wait_ms: float,
    **given: Any,
) -> None:
    """Serve MODELS over HTTP until Ctrl-C.

    A model is a deployment by its name (see clew deploy), a registered version (adult@champion,
    adult/3), RUN:STEP, a node or a value, or a service, FILE.py:CLASS: code of your own around
    models. Aliases and deployments are followed: when they change, the new version answers, and no
    request is dropped.

    It speaks the Open Inference Protocol (also over gRPC), MLflow's /invocations, and plain rows.
    On this machine alone it is open to everybody who may use the machine. Where others can reach
    it, it demands a token (`clew token create`).
    """
    from clew.api.inference.config import Config
    from clew.api.inference.limits import Limits
    from clew.api.inference.run import run
    from clew.app.deployments.open import Settings

    settings = Settings(
        name=name,
        sample=sample,
        trust=trust,
        cache_size=cache_size,
        most_rows=max_rows,
        most_waiting=max_waiting,
        unproven=unproven,
        batching=batching,
        objective_ms=objective_ms,
        wait_ms=wait_ms,
    )
    click.echo(f"preparing {', '.join(models)}: nothing serves before it is compared", err=True)
    limits = Limits(max_body_mb << 20, max_rows, max_waiting, timeout_s)
    run(Config(specs=models, settings=settings, limits=limits, **given), _ready)


def _ready(ready: Ready) -> None:
    for model in ready.opened.models:
        compiled = model.compiled
        _say(ready.address, model.name, f"{compiled.form}: {compiled.attempts[-1].reason}")
    for keeper in ready.opened.keepers:
        state, parts = keeper.state, keeper.router.running.parts
        arms = ", ".join(
            f"{arm.role} {arm.key} ({parts[arm.key].hosted.compiled.form})" for arm in state.arms
        )
        _say(ready.address, state.name, f"{state.config.policy}: {arms}")
    for version in ready.opened.unjudged:
        click.echo(f"warning: no gate has judged {version} (clew gate run)", err=True)
    if ready.rpc is not None:
        click.echo(f"  gRPC at {ready.rpc}")
    if ready.needs_token:
        click.echo("  clients need a token: clew token create NAME")


def _say(address: str, name: str, told: str) -> None:
    click.echo(f"clew serves {name} at {address}  (Ctrl-C ends it)")
    click.echo(f"  {told}")
    click.echo(f"  curl {address}/v2/models/{name}/predict -d '{{\"rows\": [{{…}}]}}'")
