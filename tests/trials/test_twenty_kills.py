"""`slipstream retrain` killed with -9, over and over, at random points: nothing is half done."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.servers import LIMIT_SECONDS, PROGRAM, pids_of
from tests.trials.tables import check_database, check_registry, versions_of, write_table

KILLS = 20


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def retrain(
    environment: dict[str, str], home: Path, table: Path, uri: str, epochs: int
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(PROGRAM, "retrain", "--data.path", str(table), "--data.target", "label"),
            *("--training.epochs", str(epochs), "--tracking.uri", uri),
        ],
        env={**environment, "SLIPSTREAM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_all(home: Path) -> None:
    for pid in pids_of(home):
        os.kill(pid, signal.SIGKILL)


def test_twenty_kills(environment: dict[str, str], home: Path, tmp_path: Path) -> None:
    """Killed 20 times, then run once: one champion, no half-registered version, sound databases."""
    table, uri = tmp_path / "customers.csv", f"sqlite:///{tmp_path}/mlflow.db"
    write_table(table)
    start = time.monotonic()
    first = retrain(environment, home, table, uri, epochs=2)
    assert first.wait(timeout=LIMIT_SECONDS) == 0, first.stdout.read()
    whole = time.monotonic() - start
    chance = random.Random(0)
    for number in range(KILLS):
        # the same challenger three times: also what an earlier kill left behind is killed again
        running = retrain(environment, home, table, uri, epochs=3 + number // 3)
        try:
            running.wait(timeout=chance.uniform(0.3 * whole, whole))
        except subprocess.TimeoutExpired:
            running.kill()
        kill_all(home)
    last = retrain(environment, home, table, uri, epochs=15)
    assert last.wait(timeout=LIMIT_SECONDS) == 0, last.stdout.read()
    check_database(tmp_path / "mlflow.db")
    check_database(home / "prefect" / "prefect.db")
    champion = check_registry(uri, "customers")
    assert champion in versions_of(uri, "customers")
