"""A schedule that fires for real: what a nightly retraining meets, one night after the other."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.e2e.servers import SETTLED, Up, ask, find
from tests.trials.tables import check_registry, config_of, versions_of, write_table

INTERVAL_SECONDS = 5  # the next is late while one runs: then it is cancelled, as the nightly one is
SECONDS = 300


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    write_table(path)
    return path


@pytest.fixture
def nightly(servers: Up, table: Path) -> Iterator[dict]:
    """The nightly deployment, with a night of seconds."""
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    deployment = ask(servers, "GET", "/deployments/name/retrain/retrain-nightly")
    (schedule,) = deployment["schedules"]
    path = f"/deployments/{deployment['id']}"
    parameters = {"config": config_of(table, uri)}
    ask(servers, "PATCH", path, {"parameters": parameters}, answers=False)
    often = {"schedule": {"interval": INTERVAL_SECONDS}, "active": True}
    ask(servers, "PATCH", f"{path}/schedules/{schedule['id']}", often, answers=False)
    yield deployment
    ask(
        servers,
        "PATCH",
        f"{path}/schedules/{schedule['id']}",
        {"schedule": schedule["schedule"], "active": False},
        answers=False,
    )


def night(servers: Up, deployment: dict, after: str) -> dict:
    """The first run that the schedule started after a moment, once it is over."""
    wanted = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"start_time": {"after_": after}},
        "sort": "START_TIME_ASC",
    }
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for run in ask(servers, "POST", "/flow_runs/filter", wanted):
            if run["auto_scheduled"] and run["state_type"] in SETTLED - {"CANCELLED"}:
                time.sleep(2)  # logs and artifacts arrive a moment later
                return run
        time.sleep(1)
    raise AssertionError("the schedule did not fire")


def now() -> str:
    return pd.Timestamp.now("UTC").isoformat()


def decision(servers: Up, run: dict) -> str:
    return next(
        each["data"] for each in find(servers, "artifacts", run) if each["key"] == "summary"
    )


def test_four_nights(servers: Up, nightly: dict, table: Path) -> None:
    """Unchanged data registers nothing; better data promotes; nonsense and a lost column do not."""
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    run = night(servers, nightly, now())
    assert run["state_type"] == "COMPLETED", run["state"]
    assert versions_of(uri, "customers") == [check_registry(uri, "customers")] == ["1"]

    run = night(servers, nightly, now())
    assert run["state"]["message"] == "unchanged, champion kept"
    assert versions_of(uri, "customers") == ["1"]

    frame = write_table(table, count=6000)  # four times the rows: a better model
    changed = now()
    run = night(servers, nightly, changed)
    assert run["state_type"] == "COMPLETED", run["state"]
    assert versions_of(uri, "customers") == ["1", "2"]
    promoted = "is lower than the champion's" in decision(servers, run)
    assert check_registry(uri, "customers") == ("2" if promoted else "1")
    champion = check_registry(uri, "customers")

    shuffled = frame.assign(label=np.random.default_rng(2).permutation(frame["label"]))
    shuffled.to_csv(table, index=False)
    run = night(servers, nightly, now())
    assert run["state_type"] == "COMPLETED", run["state"]
    assert "Champion kept" in decision(servers, run)
    assert versions_of(uri, "customers") == ["1", "2", "3"]
    assert check_registry(uri, "customers") == champion

    frame.drop(columns="a").to_csv(table, index=False)
    run = night(servers, nightly, now())
    assert run["state_type"] == "FAILED"
    assert "column 'a' is gone" in run["state"]["message"]
    assert versions_of(uri, "customers") == ["1", "2", "3"]
