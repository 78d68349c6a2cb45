"""``clew demo``: the main job on real data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json, table

if TYPE_CHECKING:
    from clew.app.demo.play import Story


@click.command("demo")
@click.argument("folder", default="clew-demo", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Play the lifecycle on the Adult census data in FOLDER, offline, in about a minute.

    Rows → features → four learners by cross-validation → the best one → predictions; then again,
    then with an edited feature; then why, diff, rebuild, and one prediction back to its row. The
    model is registered beside an over-fitted one, which its gate refuses, and becomes champion; it
    is deployed, and asked for the test rows over HTTP.
    """
    from clew.app.demo.play import play

    story = play(folder.absolute(), (lambda line: None) if as_json else click.echo)
    if as_json:
        print_json(story)
    else:
        _summary(story, folder)


def _summary(story: Story, folder: Path) -> None:
    click.echo("")
    rows = [
        (
            scene.title,
            f"{scene.seconds:.2f}",
            scene.computed,
            scene.reused,
            f"{scene.saved_s:.1f}",
            f"{scene.auc:.4f}",
        )
        for scene in story.scenes
    ]
    table(["run", "seconds", "computed", "reused", "saved s", "test AUC"], rows)
    click.echo(f"best learner: {story.learner}")
    ratio = story.search["ratio"]
    click.echo(f"clew.Search against GridSearchCV, the same grid on this machine: {ratio:.1f}×")
    judged = story.gate
    click.echo(
        f"gate: refused {judged.refused} (right on {judged.training:.1%} of its training), passed "
        f"{judged.passed}; {judged.labels} labels instead of {judged.published}"
    )
    click.echo(f"worst where {judged.slice}: {judged.slice_error:.1%} wrong")
    served = story.served
    click.echo(
        f"served: {served.rows_per_s:.0f} one-row requests a second, p99 {served.p99_ms:.1f} ms"
    )
    click.echo("\nnext:")
    if "CLEW_STORE" in os.environ:
        click.echo("  unset CLEW_STORE           # the demo's store is its own, in its folder")
    click.echo(f"  cd {folder}")
    click.echo("  clew runs                  # the runs")
    click.echo("  clew lineage last          # the thread of the newest one")
    click.echo("  clew study show            # the grid that was searched")
    click.echo("  clew impact adult.parquet  # what depends on the data")
    click.echo("  clew models show adult     # the registered model and its versions")
    click.echo("  clew gate ledger           # what is left of the gate's test set")
    click.echo("  clew monitor adult         # what changed in what it was asked")
    click.echo("  clew serve adult           # the deployment answers requests")
    click.echo("  edit features.py, then:  clew run flow.py:adult")
    click.echo("  clew ui                    # all of it in the browser")
