"""`mlflow models serve` on a model that a run has logged, as the guide starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.servers import ASK_SECONDS, LIMIT_SECONDS, free_port

MLFLOW = str(Path(sys.executable).parent / "mlflow")


@pytest.fixture(scope="module")
def report(demo_run: subprocess.CompletedProcess[str], place: Path) -> dict:
    return json.loads((place / "output" / "report.json").read_text())


@pytest.fixture(scope="module")
def address(
    place: Path,
    tracked: list[str],
    environment: dict[str, str],
    report: dict,
) -> Iterator[str]:
    port = free_port()
    model = f"runs:/{report['mlflow']['variants']['int8']}/model"
    command = [MLFLOW, "models", "serve", "--env-manager", "local", "-m", model, "-p", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    server = subprocess.Popen(
        command,
        cwd=place,
        env={**environment, "MLFLOW_TRACKING_URI": tracked[-1], "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield wait_for(f"http://127.0.0.1:{port}", server)
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(timeout=LIMIT_SECONDS)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx.get(f"{address}/ping", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.3)
        else:
            return address
    raise AssertionError(f"the server does not answer; its exit code: {server.poll()}")


def test_the_real_server_answers_and_refuses(address: str, report: dict) -> None:
    """JSON and CSV get an answer a row; rows of something else get HTTP 400 with the names."""
    names = report["feature_mask"]["features"]
    row = dict.fromkeys(names, 1)
    json_answer = httpx.post(
        f"{address}/invocations", json={"dataframe_records": [row, row, row]}, timeout=ASK_SECONDS
    )
    lines = [",".join(names), *[",".join("1" for _ in names)] * 3]
    csv_answer = httpx.post(
        f"{address}/invocations",
        content="\n".join(lines),
        headers={"content-type": "text/csv"},
        timeout=ASK_SECONDS,
    )
    assert json_answer.json() == csv_answer.json()
    assert len(json_answer.json()["predictions"]) == 3
    refused = httpx.post(
        f"{address}/invocations",
        json={"dataframe_records": [{"other": 1}] * 3},
        timeout=ASK_SECONDS,
    )
    assert refused.status_code == 400
    assert all(repr(name) in refused.json()["message"] for name in names)
