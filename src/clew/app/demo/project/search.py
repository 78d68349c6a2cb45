"""The demo's study: a grid searched by scikit-learn and by clew, on the same rows, compared.

Prints one line of JSON: CPU seconds of both, their ratio, and how far the scores lie apart.
"""

import json
import time

import pyarrow.parquet as pq
from flow import CATEGORIES, TARGET
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew

ROWS = 8000
NUMBERS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
GRID = {"ridge__alpha": [10 ** (power / 4) for power in range(-8, 12)]}


def main() -> None:
    """Search twice and compare."""
    rows = pq.read_table("adult.parquet").slice(0, ROWS).to_pandas()
    X = rows[[*CATEGORIES, *NUMBERS]].fillna("unknown")
    y = (rows[TARGET] == ">50K").astype(float)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, CATEGORIES), (StandardScaler(), NUMBERS))
    pipeline = make_pipeline(columns, Ridge())

    began = time.process_time()
    plain = GridSearchCV(pipeline, GRID, cv=5).fit(X, y)
    plain_s = time.process_time() - began

    began = time.process_time()
    planned = clew.Search(pipeline, GRID, cv=5).fit(X, y)
    planned_s = time.process_time() - began

    one, two = plain.cv_results_["mean_test_score"], planned.cv_results_["mean_test_score"]
    print(
        json.dumps(
            {
                "configurations": len(one),
                "plain_s": plain_s,
                "clew_s": planned_s,
                "ratio": plain_s / planned_s,
                "largest_difference": float(abs(one - two).max()),
                "same_best": plain.best_params_ == planned.best_params_,
                "study": planned.study_id_,
            }
        )
    )


if __name__ == "__main__":
    main()
