"""What is left when a run of the servers, or its worker, is killed without a word."""

import os
import signal
import time
from pathlib import Path

import httpx

from tests.e2e.servers import ASK_SECONDS, LIMIT_SECONDS, Up, ask, await_run, pids_of, start_run
from tests.trials.tables import check_registry, config_of, versions_of, write_table

CRASHED_SECONDS = 150


def pids(servers: Up, part: str) -> list[int]:
    """Processes of these servers whose command line has a part."""
    return [pid for pid, command in pids_of(servers.home).items() if part in command]


def worker(servers: Up) -> list[int]:
    return pids(servers, "worker start")


def await_training(servers: Up, run_id: str) -> None:
    """Wait until a run, or the run of the pipeline within it, trains."""
    wanted = {"task_runs": {"name": {"any_": ["train"]}, "state": {"type": {"any_": ["RUNNING"]}}}}
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        if ask(servers, "POST", "/task_runs/filter", wanted):
            return
        assert ask(servers, "GET", f"/flow_runs/{run_id}")["state"]["type"] != "FAILED"
        time.sleep(0.3)
    raise AssertionError("it does not train")


def test_a_killed_run_is_crashed_and_does_not_block_the_next(servers: Up, tmp_path: Path) -> None:
    """Run and worker killed with -9: Crashed within 150 seconds, and the next run completes."""
    write_table(tmp_path / "killed.csv", count=20_000)
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    long = config_of(tmp_path / "killed.csv", uri, epochs=1000, patience=1000)
    run_id = start_run(servers, long)
    await_training(servers, run_id)
    before = worker(servers)
    for pid in (*pids(servers, "flow-run"), *pids(servers, "prefect.engine"), *before):
        os.kill(pid, signal.SIGKILL)
    run = await_run(servers, run_id, CRASHED_SECONDS)
    assert run["state"]["type"] == "CRASHED"
    assert "no sign of life" in run["state"]["message"]
    assert worker(servers) != before  # supervisor started another
    short = config_of(tmp_path / "killed.csv", uri)
    run = await_run(servers, start_run(servers, short))
    assert run["state"]["type"] == "COMPLETED", run["state"]


def test_a_run_survives_its_worker_and_promotes_once(servers: Up, tmp_path: Path) -> None:
    """Only the worker killed: the orphan may complete, and there is one champion at the end."""
    write_table(tmp_path / "orphan.csv", count=20_000)
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    config = config_of(tmp_path / "orphan.csv", uri, epochs=60, patience=60)
    run_id = start_run(servers, config, "retrain/retrain-now")
    await_training(servers, run_id)
    for pid in worker(servers):
        os.kill(pid, signal.SIGKILL)
    orphan = await_run(servers, run_id, CRASHED_SECONDS)
    assert orphan["state"]["type"] in ("COMPLETED", "CRASHED"), orphan["state"]
    again = await_run(servers, start_run(servers, config, "retrain/retrain-now"))
    assert again["state"]["type"] == "COMPLETED", again["state"]
    assert versions_of(uri, "orphan") == [check_registry(uri, "orphan")] == ["1"]
    assert httpx.get(f"{servers.prefect}/api/health", timeout=ASK_SECONDS).json() is True
