"""Many at once: runs that queue up, and retrainings that meet at the registry."""

import re
import subprocess
from pathlib import Path

from tests.e2e.servers import LIMIT_SECONDS, PROGRAM, Up, await_run, find, start_run
from tests.trials.tables import check_database, check_registry, versions_of, write_table

QUEUED = 10


def test_two_retrainings_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    """Two at once on one embedded database both finish, and one version is promoted."""
    write_table(tmp_path / "twice.csv")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    home = tmp_path / "home"
    flags = [
        *("--data.path", str(tmp_path / "twice.csv"), "--data.target", "label"),
        *("--training.epochs", "3", "--tracking.uri", uri),
    ]
    running = [
        subprocess.Popen(
            [PROGRAM, "retrain", *flags],
            env={**environment, "SLIPSTREAM_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=LIMIT_SECONDS) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    assert versions_of(uri, "twice") == [check_registry(uri, "twice")] == ["1"]
    check_database(tmp_path / "mlflow.db")
    check_database(home / "prefect" / "prefect.db")


def test_ten_queued_runs(servers: Up) -> None:
    """Ten runs queue up, all complete, and no locked database reaches the user."""
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    short = {"features": {"k": 2}, "training": {"epochs": 1}, "tracking": {"uri": uri}}
    queued = [start_run(servers, short) for _ in range(QUEUED)]
    runs = [await_run(servers, run_id, seconds=600) for run_id in queued]
    assert [run["state"]["type"] for run in runs] == ["COMPLETED"] * QUEUED
    logs = "\n".join(log["message"] for run in runs for log in find(servers, "logs", run))
    assert not re.search("database is locked", logs)
    check_database(servers.home / "prefect" / "prefect.db")
