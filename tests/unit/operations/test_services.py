"""How the servers are configured and checked; the servers themselves run in tests/e2e."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipstream.operations import services
from slipstream.operations.services import Services, start, stop
from slipstream.runtime import InputError
from tests.e2e.servers import free_port

# What supervisor is to `stop`: a process with the folder's name on its command line.
SUPERVISOR = """
import signal, sys
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path))
    monkeypatch.setattr(services, "STOP_SECONDS", 0.3)
    (tmp_path / "services.json").write_text("{}")
    (tmp_path / "services").mkdir()
    return tmp_path / "services"


@pytest.fixture
def supervisor(request: pytest.FixtureRequest, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SUPERVISOR, str(folder), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (folder / "supervisor.pid").write_text(str(process.pid))
        yield process
        process.kill()


@pytest.mark.parametrize("supervisor", ["stubborn"], indirect=True)
def test_what_does_not_stop_is_not_called_stopped(
    folder: Path, supervisor: subprocess.Popen[str]
) -> None:
    """A supervisor that still runs is an error with its number, and its address stays known."""
    with pytest.raises(InputError, match=f"process {supervisor.pid}, still runs"):
        stop()
    assert (folder.parent / "services.json").exists()


@pytest.mark.parametrize("supervisor", ["obedient"], indirect=True)
def test_what_stops_is_forgotten(folder: Path, supervisor: subprocess.Popen[str]) -> None:
    """Once it is gone, so is its address; then nothing is left to stop."""
    assert stop()
    assert supervisor.wait(timeout=300) == -signal.SIGTERM
    assert not (folder.parent / "services.json").exists()
    assert not stop()


def test_an_address_of_ipv6_is_refused(folder: Path) -> None:
    """It would need brackets in every URL: the message says what to write."""
    with pytest.raises(InputError, match=r"IPv4 address or a name, however: ::1; write 127\.0"):
        start(Services(host="::1"))


def test_a_home_that_is_too_deep_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A socket path holds some 100 bytes: a longer one is refused before supervisor starts."""
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path / ("deep/" * 20)))
    with pytest.raises(InputError, match="set SLIPSTREAM_HOME to a folder with a shorter path"):
        start(Services(prefect_port=free_port(), mlflow_port=free_port()))


def test_mlflow_answers_to_its_own_host_and_to_the_names_that_were_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its machine's own names always; another name only where the environment gives it."""
    monkeypatch.setenv("MLFLOW_SERVER_ALLOWED_HOSTS", "lab.example:5000")
    command = services._commands(Services(host="0.0.0.0"))["mlflow"]
    hosts = command[command.index("--allowed-hosts") + 1].split(",")
    assert hosts == ["0.0.0.0:5000", "127.0.0.1:5000", "lab.example:5000", "localhost:5000"]
