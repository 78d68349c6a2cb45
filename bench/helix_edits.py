"""Ten iterations of work on the demo's Adult flow, as text edits of its file.

The kinds are HELIX's (Xin et al., VLDB 2018): preprocessing, learning, postprocessing; `tidy` is
an edit before a review that changes no result. Every edit is one that `joblib.Memory` notices too:
of a cached function itself or of its arguments, never of a helper that one calls.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """One iteration: the texts of ``flow.py`` that are replaced, and by what."""

    kind: str
    title: str
    changes: tuple[tuple[str, str], ...]

    def apply(self, text: str) -> str:
        """Return the file with all changes made."""
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ValueError(f"{self.title}: {text.count(old)} places hold {old!r}")
            text = text.replace(old, new)
        return text


_BASELINE = 'learners = ["logistic regression"]'
_ALL = 'learners = ["logistic regression", "naive Bayes", "random forest", "gradient boosting"]'
_WEIGHTS = (
    '    share = train["over_50k"].mean()\n'
    '    weights = np.where(train["over_50k"] == 1, 0.5 / share, 0.5 / (1 - share))\n'
    "    model = pipeline(learner)\n"
    '    named = {f"{model.steps[-1][0]}__sample_weight": weights}\n'
    '    return model.fit(train, train["over_50k"], **named)\n'
)
_PLAIN_FIT = '    return pipeline(learner).fit(train, train["over_50k"])\n'

START = Edit("learning", "one quick baseline", ((_ALL, _BASELINE),))
EDITS = (
    Edit(
        "preprocessing",
        "longer working weeks count",
        (('frame["hours_per_week"].clip(1, 80)', 'frame["hours_per_week"].clip(1, 99)'),),
    ),
    Edit("learning", "three more learners join", ((_BASELINE, _ALL),)),
    Edit(
        "postprocessing",
        "Brier score",
        (
            ("import accuracy_score, roc", "import accuracy_score, brier_score_loss, roc"),
            (
                "(truth, probability > 0.5)),\n",
                "(truth, probability > 0.5)),\n"
                '        "test Brier score": float(brier_score_loss(truth, probability)),\n',
            ),
        ),
    ),
    Edit(
        "preprocessing",
        "working hours are validated",
        (
            (
                "    labels = set(rows[TARGET].unique().to_pylist())\n",
                '    hours = rows["hours_per_week"].to_numpy()\n'
                "    if not ((hours >= 1) & (hours <= 168)).all():\n"
                "        raise ValueError(\"column 'hours_per_week': values outside 1 to 168\")\n"
                "    labels = set(rows[TARGET].unique().to_pylist())\n",
            ),
        ),
    ),
    Edit(
        "tidy",
        "docstrings say what comes back",
        (
            ('"""Read the rows; each', '"""Return the rows of the file; each'),
            ('"""Make the columns that the models read."""', '"""Return what the models read."""'),
            ('"""Return the rows of one split."""', '"""Return the rows of one split, anew."""'),
            ("over three folds.", "over three stratified folds."),
            ('"""Fit the chosen', '"""Return the chosen'),
            ("on all training rows.", "fitted on all training rows."),
            ("for each row, by its row_id.", "for each row, with its row_id and truth."),
        ),
    ),
    Edit("learning", "rich and poor weigh the same", ((_PLAIN_FIT, _WEIGHTS),)),
    Edit("learning", "no gain: weights dropped", ((_WEIGHTS, _PLAIN_FIT),)),
    Edit(
        "postprocessing",
        "a lower threshold",
        (("(truth, probability > 0.5)),\n", "(truth, probability > 0.45)),\n"),),
    ),
    Edit(
        "tidy",
        "formatted, and names that say more",
        (
            (
                "    scores = cross_val_score(pipeline(learner), train, "
                'train["over_50k"], cv=3, scoring="roc_auc")\n'
                '    clew.log_metric(f"cv auc of {learner}", scores.mean())\n'
                "    return float(scores.mean())\n",
                "    # One score for each fold.\n"
                "    areas = cross_val_score(\n"
                "        pipeline(learner),\n"
                "        train,\n"
                '        train["over_50k"],\n'
                "        cv=3,\n"
                '        scoring="roc_auc",\n'
                "    )\n"
                '    clew.log_metric(f"cv auc of {learner}", areas.mean())\n'
                "    return float(areas.mean())\n",
            ),
        ),
    ),
    Edit(
        "postprocessing",
        "predictions carry the decision",
        (
            (
                '    return pa.table({"row_id": rows["row_id"], "over_50k": probability, '
                '"truth": rows["over_50k"]})\n',
                '    columns = {"row_id": rows["row_id"], "over_50k": probability}\n'
                '    columns |= {"decision": probability > 0.45, "truth": rows["over_50k"]}\n'
                "    return pa.table(columns)\n",
            ),
        ),
    ),
)
