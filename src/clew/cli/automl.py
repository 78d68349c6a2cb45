"""``clew automl``: a model for a table, within a budget of seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, print_json, seconds, table
from clew.errors import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from clew.select.automl.study import AutoML, Progress

_SHOWN = 10


@click.command("automl")
@click.argument("data", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Column that is to be predicted.")
@click.option("--budget", default=60.0, show_default=True, help="Seconds that it may take.")
@click.option(
    "--test", "test", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rows that take no part, scored once at the end.",
)  # fmt: skip
@click.option("--name", help="Register the model under this name.")
@click.option("--metric", default="auto", show_default=True, help="What is to be large.")
@click.option("--seed", default=0, show_default=True, help="Source of all chance.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core.")
@click.option(
    "--warm/--cold", default=True, show_default=True,
    help="Begin with what was best on tables that are alike.",
)  # fmt: skip
@json_option
def command(
    data: Path, target: str, budget: float, test: Path | None, name: str | None, metric: str,
    seed: int, workers: int | None, warm: bool, as_json: bool,
) -> None:  # fmt: skip
    """Find a model for DATA (CSV or Parquet) that predicts a column."""
    began = time.monotonic()
    from clew.app.automl import automl

    if not budget > 0:
        raise InvalidParameter("The budget is no time.", got=str(budget), expected="above 0")
    X, y = _parted(data, target)
    left = max(budget - (time.monotonic() - began), budget / 2)
    found = automl(
        X, y, left, test=None if test is None else _parted(test, target), name=name,
        metric=metric, seed=seed, workers=workers, progress=None if as_json else _teller(),
        warm_start=warm,
    )  # fmt: skip
    if as_json:
        print_json(_plain(found))
    else:
        _show(found)


def _parted(path: Path, target: str) -> tuple[Any, Any]:
    try:
        import pandas as pd
    except ImportError:
        from clew.errors import MissingExtra

        raise MissingExtra(
            "automl needs pandas.", hint="pip install 'clew[sklearn,pandas]'"
        ) from None
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise InvalidParameter(
            f"{path} cannot be read.", got=str(error)[:300], expected="CSV or Parquet"
        ) from error
    if target not in frame.columns:
        raise InvalidParameter(
            "There is no such column.", got=target, expected=", ".join(map(str, frame.columns[:20]))
        )
    known = frame[frame[target].notna()]
    return known.drop(columns=target), known[target]


def _teller() -> Callable[[Progress], None]:
    """Return what prints a line when the best changes, or a tenth of the budget has passed."""
    best, told_s = "", 0.0

    def told(progress: Progress) -> None:
        nonlocal best, told_s
        now = f"{progress.best_score:.4f} {progress.best_model}"
        if now == best and progress.elapsed_s - told_s < progress.budget_s / 10:
            return
        best, told_s = now, progress.elapsed_s
        line = f"{progress.elapsed_s:6.1f} s  best {now:<22} {progress.fits:5} fits"
        if progress.dropped:
            line += f"  {progress.dropped} dropped ({', '.join(progress.dropped_models[:4])})"
        click.echo(line, err=True)

    return told


def _show(found: AutoML) -> None:
    click.echo(f"{found.task_.kind}, {found.task_.metric}: {found.score_:.4f} out of fold")
    if hasattr(found, "test_score_"):
        click.echo(f"on the test rows: {found.test_score_:.4f}")
    click.echo(f"{seconds(found.seconds_)}, first model after {seconds(found.first_model_s_)}")
    for near in found.near_:
        click.echo(f"begun with the best of search {near.study[:12]}, {near.distance:.2f} away")
    table(
        ("model", "score", "train", "folds", "share"),
        [
            (line.model, f"{line.score:.4f}", f"{line.train_score:.4f}", line.folds,
             f"{line.weight:.2f}" if line.weight else "")
            for line in found.leaderboard_[:_SHOWN]
        ],
    )  # fmt: skip
    for warning in found.warnings_:
        click.echo(f"look at: {warning}")
    click.echo(f"run {found.run_id_}")
    if found.version_ is not None:
        click.echo(f"{found.version_.name} version {found.version_.version}")


def _plain(found: AutoML) -> dict[str, Any]:
    return {
        "task": found.task_.kind,
        "metric": found.task_.metric,
        "score": found.score_,
        "test_score": getattr(found, "test_score_", None),
        "seconds": found.seconds_,
        "first_model_s": found.first_model_s_,
        "leaderboard": found.leaderboard_,
        "warnings": found.warnings_,
        "near": {near.study: near.distance for near in found.near_},
        "study": found.study_id_,
        "run": found.run_id_,
        "version": None if found.version_ is None else found.version_.version,
    }
