"""The console script as a subprocess, with a home and a tracking store of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import browser
from tests.e2e.servers import LIMIT_SECONDS, Up, processes_of, up_in

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def environment(place: Path) -> dict[str, str]:
    """What a user's shell has, and nothing that other tests set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "MLFLOW_", "SLIPSTREAM_", "DO_NOT_TRACK"))
    }
    return {**kept, "SLIPSTREAM_HOME": str(place / "home"), "COLUMNS": "100"}


@pytest.fixture(scope="session")
def slipstream(place: Path, environment: dict[str, str]) -> Command:
    """Run the console script in a folder of the test's own."""
    program = str(Path(sys.executable).parent / "slipstream")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def tracked(place: Path) -> list[str]:
    """Flags that keep a run's MLflow store in the test's folder."""
    return ["--tracking.uri", f"sqlite:///{place}/mlflow.db"]


@pytest.fixture(scope="session")
def demo_run(slipstream: Command, tracked: list[str]) -> subprocess.CompletedProcess[str]:
    """The main job: `slipstream optimize` without a config."""
    return slipstream("optimize", *tracked)


@pytest.fixture(scope="session")
def needs_chromium() -> None:
    if browser.CHROMIUM is None:
        missing = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@contextmanager
def running(environment: dict[str, str], folder: Path) -> Iterator[Up]:
    """The servers and the worker, started and stopped by the console script."""
    up = up_in(folder, environment)
    started = up.run("up", "--detach", *up.flags)
    assert started.returncode == 0, started.stderr
    assert up.prefect in started.stdout
    yield up
    assert up.run("down").returncode == 0  # a test may have stopped them
    assert processes_of(up.home) == []


@pytest.fixture(scope="session")
def servers(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The servers that all tests of a process share."""
    with running(environment, tmp_path_factory.mktemp("up")) as up:
        yield up
