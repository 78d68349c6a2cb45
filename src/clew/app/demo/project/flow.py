"""The demo of clew: from raw rows to a model, its evaluation and its predictions."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from features import age_band, capital
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew

TARGET = "income"
CATEGORIES = ["workclass", "education", "marital_status", "occupation", "relationship"]
NUMBERS = ["age", "education_num", "hours_per_week", "capital", "age_band"]


@clew.step
def load(path: str) -> pa.Table:
    """Read the rows; each keeps its `row_id` all the way to its prediction."""
    return pq.read_table(path)


@clew.step
def validate(rows: pa.Table) -> dict[str, float]:
    """Check what the rest relies on; return what was counted."""
    age = rows["age"].to_numpy()
    if not ((age >= 0) & (age <= 120)).all():
        raise ValueError("column 'age': values outside 0 to 120")
    labels = set(rows[TARGET].unique().to_pylist())
    if labels != {"<=50K", ">50K"}:
        raise ValueError(f"column {TARGET!r}: unexpected labels {sorted(labels)}")
    if len(rows["row_id"].unique()) != len(rows):
        raise ValueError("column 'row_id': not unique")
    missing = sum(rows[name].null_count for name in rows.column_names)
    return {"rows": len(rows), "missing_share": missing / (len(rows) * rows.num_columns)}


@clew.step
def build_features(rows: pa.Table, checks: dict[str, float]) -> pd.DataFrame:
    """Make the columns that the models read."""
    frame = rows.to_pandas()
    built = frame[["row_id", "split", *CATEGORIES]].fillna("unknown").astype({"row_id": "int64"})
    built["age"] = frame["age"].astype("float64")
    built["education_num"] = frame["education_num"].astype("float64")
    built["hours_per_week"] = frame["hours_per_week"].clip(1, 80).astype("float64")
    built["capital"] = capital(frame)
    built["age_band"] = age_band(frame["age"]).astype("float64")
    built["over_50k"] = (frame[TARGET] == ">50K").astype("int64")
    return built


@clew.step
def part(features: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one split."""
    return features[features["split"] == name].drop(columns="split").reset_index(drop=True)


def pipeline(name: str) -> Pipeline:
    """Return an unfitted pipeline by the name of its learner."""
    learners = {
        "logistic regression": LogisticRegression(max_iter=200),
        "naive Bayes": GaussianNB(),
        "random forest": RandomForestClassifier(40, min_samples_leaf=3, random_state=0),
        "gradient boosting": HistGradientBoostingClassifier(max_iter=60, random_state=0),
    }
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, CATEGORIES), (StandardScaler(), NUMBERS))
    return make_pipeline(columns, learners[name])


@clew.step(seed=0)
def cross_validate(train: pd.DataFrame, learner: str) -> float:
    """Return the mean area under the ROC curve over three folds."""
    scores = cross_val_score(pipeline(learner), train, train["over_50k"], cv=3, scoring="roc_auc")
    clew.log_metric(f"cv auc of {learner}", scores.mean())
    return float(scores.mean())


@clew.step
def choose(learners: list[str], scores: list[float]) -> str:
    """Return the learner with the best score."""
    return learners[int(np.argmax(scores))]


@clew.step(seed=0)
def fit(train: pd.DataFrame, learner: str) -> Pipeline:
    """Fit the chosen learner on all training rows."""
    return pipeline(learner).fit(train, train["over_50k"])


@clew.step
def predict(model: Pipeline, rows: pd.DataFrame) -> pa.Table:
    """Return a prediction for each row, by its row_id."""
    probability = model.predict_proba(rows)[:, 1]
    return pa.table({"row_id": rows["row_id"], "over_50k": probability, "truth": rows["over_50k"]})


@clew.step
def evaluate(predictions: pa.Table) -> dict[str, float]:
    """Score the predictions of the test rows, which nothing was chosen on."""
    truth = predictions["truth"].to_numpy()
    probability = predictions["over_50k"].to_numpy()
    metrics = {
        "test auc": float(roc_auc_score(truth, probability)),
        "test accuracy": float(accuracy_score(truth, probability > 0.5)),
    }
    for name, value in metrics.items():
        clew.log_metric(name, value)
    return metrics


@clew.flow
def adult(path: str = "adult.parquet") -> dict[str, Any]:
    """Rows → features → four learners by cross-validation → the best one → its test score."""
    rows = load(path)
    features = build_features(rows, validate(rows))
    train, test = part(features, "train"), part(features, "test")
    learners = ["logistic regression", "naive Bayes", "random forest", "gradient boosting"]
    scores = [cross_validate(train, learner) for learner in learners]
    best = choose(learners, scores)
    model = fit(train, best)
    predictions = predict(model, test)
    return {
        "learner": best,
        "metrics": evaluate(predictions),
        "model": model,
        "predictions": predictions,
    }
