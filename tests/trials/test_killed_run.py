"""`slipstream optimize` killed with -9: nothing half done is left, and the next run completes."""

import json
import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

from tests.e2e.servers import LIMIT_SECONDS, PROGRAM


def test_a_killed_run_can_be_run_again(environment: dict[str, str], tmp_path: Path) -> None:
    """Killed with -9 when training begins, it leaves no MLflow run; run again, it completes."""
    home, output = tmp_path / "home", tmp_path / "output"
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    command = [PROGRAM, "optimize", "--output", str(output), "--tracking.uri", uri]
    command += ["--training.batch_size", "2", "--training.epochs", "10"]
    start = partial(
        subprocess.Popen,
        command,
        cwd=tmp_path,
        env={**environment, "SLIPSTREAM_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = start(start_new_session=True)
    end = time.monotonic() + LIMIT_SECONDS
    while not list(home.glob("results/select-*")):  # the stage before training
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert not (output / "report.json").exists()
    assert not (tmp_path / "mlflow.db").exists()
    again = start()
    _, errors = again.communicate(timeout=LIMIT_SECONDS)
    assert again.returncode == 0, errors
    report = json.loads((output / "report.json").read_text())
    cached = [stage["stage"] for stage in report["stages"] if stage["cached"]]
    assert cached == ["ingest", "preprocess", "select"]
