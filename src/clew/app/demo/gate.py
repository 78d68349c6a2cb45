"""The demo's gate: who may be champion, what that took, and where the new champion is worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clew.app.findings import slices
from clew.app.gates.run import Judged
from clew.app.gates.tables import judged
from clew.app.promotion import POLICY
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.errors import ClewError, InvalidState

TARGET, ID, GATE = "over_50k", "row_id", "gate.yaml"
FILES = (GATE, "train.parquet", "test.parquet", "rows.parquet", "labels.parquet")
BATCH = 400
_NUMBERS = ["age", "education_num", "hours_per_week"]
TEXT = """\
name: adult
conditions:
  - training_accuracy(new) - n < 0.05 +/- 0.03
  - n - o > 0.02 +/- 0.02
reliability: 0.95
steps: 4
adaptivity: full
disagreement: 0.25
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate said of two models.

    Parameters
    ----------
    refused, passed : str
        The over-fitted version and the one that became champion.
    reason : str
        Why the first was refused.
    training : float
        The accuracy of the first on the rows of its fit.
    labels : int
        How many labels both verdicts took together.
    published : int
        How many the published sizes ask for, for the same promise.
    slice : str
        Where the champion is worst.
    slice_rows : int
    slice_error, error : float
        The share of wrong answers there, and everywhere.
    """

    refused: str
    passed: str
    reason: str
    training: float
    labels: int
    published: int
    slice: str
    slice_rows: int
    slice_error: float
    error: float


def prepare(folder: Path, store: Store, train: Any, test: Any) -> tuple[str, str]:
    """Register the champion of last year and an over-fitted model; say who may be champion.

    Returns
    -------
    old, overfitted : str
        ``adult/1``, ``adult/2``.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeClassifier

    import clew
    from clew.registry import register
    from clew.steps import runtime

    train.to_parquet(folder / "train.parquet")
    test.to_parquet(folder / "test.parquet")
    test.drop(columns=TARGET).to_parquet(folder / "rows.parquet")
    (folder / GATE).write_text(TEXT, "utf-8")
    wide = train.drop(columns=[ID, TARGET])
    texts = list(wide.select_dtypes(exclude="number"))
    coded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), texts), remainder="passthrough"
    )
    learners = (
        (LogisticRegression(max_iter=500), wide[_NUMBERS], "champion"),
        (make_pipeline(coded, DecisionTreeClassifier(random_state=0)), wide, None),
    )
    found = []
    with runtime.using(store.runtime):
        for learner, rows, alias in learners:
            with clew.run():
                fitted = learner.fit(rows, train[TARGET])
                logged = clew.log_model(fitted, "adult", input_example=rows)
                version = register(logged, "adult", alias=alias)
            found.append(f"adult/{version.version}")
        tracking_of(store.runtime).registered.set_tag("adult", POLICY, "adult")
    return found[0], found[1]


def play(
    folder: Path, store: Store, models: tuple[str, str, str], say: Callable[[str], None]
) -> Judgement:
    """Let the gate judge the over-fitted version and the good one; promote the good one.

    Parameters
    ----------
    models : (str, str, str)
        The champion, the over-fitted version, the good one.
    """
    import pandas as pd

    from clew.debug.gates import plan, read_file
    from clew.registry import promote
    from clew.steps import runtime

    old, overfitted, good = models
    truth: dict[str, Any] = pd.read_parquet(folder / "test.parquet").set_index(ID)[TARGET].to_dict()
    labels = {str(id): value for id, value in truth.items()}
    gate = read_file(folder / GATE)
    facts = {"training_accuracy(new)": 1.0}
    published = plan(replace(gate, test="hoeffding"), facts).labels
    say(f"\n{GATE}: adult needs a PASS to be champion; nobody has labelled the test rows yet")
    given: set[str] = set()
    with runtime.using(store.runtime):
        bad = _judged(folder, store, overfitted, old, labels, given, say)
        failed = next(one for one in bad.verdict.findings if one.outcome == "FAIL")
        reason = f"{failed.clause}: {failed.reason}"
        training = _training(folder, store, overfitted)
        say(f"  {bad.outcome}: {reason}")
        say(f"  it is right on {training:.1%} of the rows of its fit, which says nothing")
        _refused(overfitted, say)
        done = _judged(folder, store, good, old, labels, given, say)
        say(f"  {done.outcome}; both took {len(given)} labels, published sizes {published}")
        if (bad.outcome, done.outcome) != ("FAIL", "PASS"):
            raise ClewError("the gate did not tell the models apart", got=done.outcome)
        say(f"\n$ clew models promote adult {good.partition('/')[2]}")
        promote("adult", int(good.partition("/")[2]), reason="the gate adult has passed it")
        worst = slices(
            store,
            good,
            folder / "test.parquet",
            label=TARGET,
            without=(ID,),
            count=1,
            predicates=2,
        )
    best = worst.slices[0]
    say(
        f"\n$ clew slices {good} --rows test.parquet --label {TARGET} --without {ID} --predicates 2"
    )
    say(
        f"  worst where {best} ({best.rows} rows): wrong in {best.mean:.1%}, "
        f"and in {worst.mean:.1%} of all"
    )
    return Judgement(
        overfitted,
        good,
        reason,
        training,
        len(given),
        published,
        str(best),
        best.rows,
        best.mean,
        worst.mean,
    )


def _judged(
    folder: Path,
    store: Store,
    new: str,
    old: str,
    labels: Mapping[str, Any],
    given: set[str],
    say: Callable[[str], None],
) -> Judged:
    """Ask for a verdict, and give the labels that are asked for, until there is one."""
    import pandas as pd

    say(
        f"\n$ clew gate run {GATE} --new {new} --old {old} --rows rows.parquet --id {ID} "
        "--training train.parquet"
    )
    path = None
    while True:
        done = judged(
            folder / GATE,
            rows=folder / "rows.parquet",
            id=ID,
            new=new,
            old=old,
            labels=path,
            label=TARGET,
            training=folder / "train.parquet",
            batch=BATCH,
            store=store,
        )
        if done.outcome != "NEEDS-LABELS":
            return done
        given.update(done.asked)
        path = folder / "labels.parquet"
        told = {ID: list(done.asked), TARGET: [labels[id] for id in done.asked]}
        pd.DataFrame(told).to_parquet(path)


def _training(folder: Path, store: Store, spec: str) -> float:
    from clew.app.gates.tables import answers_of, table_of

    path = folder / "train.parquet"
    train = table_of(path)
    _, said = answers_of(store, train, spec, path, trust=False)
    return float((said == train[TARGET].to_numpy()).mean())


def _refused(spec: str, say: Callable[[str], None]) -> None:
    from clew.registry import promote

    name, _, number = spec.partition("/")
    say(f"\n$ clew models promote {name} {number}")
    try:
        promote(name, int(number))
    except InvalidState as refused:
        say(f"  {refused.message}")
    else:
        raise ClewError(f"{spec} was promoted past its gate")
