"""Reports on a version over HTTP: listed, and one in full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import clew
from clew.app.debugging.report import debug
from clew.registry import register


def test_reports_of_a_version(client, served, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"a": random.normal(size=200), "b": random.normal(size=200)})
    rows["y"] = (rows["a"] + random.normal(size=200) > 0).astype(int)
    with clew.run():
        model = LogisticRegression().fit(rows[["a", "b"]], rows["y"])
        register(clew.log_model(model, "m", input_example=rows[["a", "b"]]), "payer")
    path = "/api/v1/models/payer/versions/1/reports"
    assert client.get(path) == {"rows": [], "shown": None}
    file = tmp_path / "test.parquet"
    rows.to_parquet(file)
    made = debug(served.store, "payer/1", {"test": file}, target="y")
    found = client.get(path)
    assert [row["node"] for row in found["rows"]] == [made.node]
    shown = found["shown"]
    assert (shown["task"], shown["judged"], shown["target"]) == ("classification", "test", "y")
    titles = [table["title"] for table in shown["tables"]]
    assert {"Scores", "Confusion matrix", "Worst slices"} <= set(titles)
    assert [plot["title"] for plot in shown["plots"]][:3] == ["ROC", "Precision", "Calibration"]
    assert len(shown["plots"][-1]["points"]) == 200
    assert all(cell["rows"] for cell in shown["cells"])
    assert client.get(f"{path}?node={made.node[:12]}")["shown"]["node"] == made.node
    assert client.get(f"{path}?node=zz", status=404)
    assert client.get("/api/v1/models/payer/versions/9/reports", status=404)
