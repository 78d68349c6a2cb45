"""A store of its own for each test, and the protocol's application over it."""

from __future__ import annotations

import pytest

from clew.api.mlflow import app
from clew.app.settings import load
from clew.app.tracking import Tracking, open_tracking
from tests.api.mlflow.asgi import Client


@pytest.fixture
def tracking() -> Tracking:
    return open_tracking(load())


@pytest.fixture
def client(tracking: Tracking) -> Client:
    return Client(app(tracking))


@pytest.fixture
def experiment(client: Client) -> str:
    return client.post("/api/2.0/mlflow/experiments/create", {"name": "e"})["experiment_id"]


@pytest.fixture
def run(client: Client, experiment: str) -> str:
    made = client.post("/api/2.0/mlflow/runs/create", {"experiment_id": experiment})
    return made["run"]["info"]["run_id"]
