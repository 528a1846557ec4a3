"""`slipstream optimize` in processes of its own: killed with -9, run again, and run once more."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMPUTED
from tests.e2e.servers import LIMIT_SECONDS, PROGRAM

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def start(environment: dict[str, str], folder: Path) -> Start:
    """Starts a run of the demo that trains for a while, in a home of its own."""
    command = [PROGRAM, "optimize", "--tracking.uri", f"sqlite:///{folder}/mlflow.db"]
    command += [
        "--training.batch_size",
        "2",
        "--training.epochs",
        "10",
        "--training.distill",
        "off",
    ]
    command += ["--search", "off", "--features.k", "5"]

    def run(*flags: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, *flags],
            cwd=folder,
            env={**environment, "SLIPSTREAM_HOME": str(folder / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return run


def cached(report: Path) -> list[str]:
    stages = json.loads(report.read_text())["stages"]
    return [stage["stage"] for stage in stages if stage["cached"]]


@pytest.fixture(scope="module")
def killed(start: Start, folder: Path) -> None:
    """A run was killed with -9 when training began."""
    run = start()
    end = time.monotonic() + LIMIT_SECONDS
    while not list(folder.glob("home/results/select-*")):  # the stage before training
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert not (folder / "output" / "report.json").exists()
    assert not (folder / "mlflow.db").exists()


@pytest.fixture(scope="module")
def repeated(killed: None, start: Start, folder: Path) -> Path:
    """The report of the same run afterwards."""
    again = start()
    _, errors = again.communicate(timeout=LIMIT_SECONDS)
    assert again.returncode == 0, errors
    return folder / "output" / "report.json"


def test_a_killed_run_can_be_run_again(repeated: Path) -> None:
    """It leaves no report and no MLflow run; run again, it completes, from where it was killed."""
    assert cached(repeated) == ["ingest", "preprocess", "select"]


def test_the_same_run_once_more_is_cached(repeated: Path, start: Start, folder: Path) -> None:
    """Another process finds every stage cached, on a new embedded server; the budget is obeyed."""
    strict = start("--budget.p99_us", "0.001", "--output", "strict")
    printed, errors = strict.communicate(timeout=LIMIT_SECONDS)
    assert strict.returncode == 3, errors
    assert cached(folder / "strict" / "report.json") == COMPUTED
    report = json.loads((folder / "strict" / "report.json").read_text())
    assert report["verdict"]["winner"] is None
    assert report["prediction"] is None
    assert "\nPrediction" not in printed
    said = " ".join(printed.split())
    assert "budget.p99_us = 0.001 is unreachable: a call that does nothing has a p99 of" in said
