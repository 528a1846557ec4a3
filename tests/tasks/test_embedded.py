from pathlib import Path

import pytest
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

from slipstream.runtime import InputError
from tasks.support import embedded
from tests.e2e.servers import pids_of


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> dict[int | None, SubprocessASGIServer]:
    """The servers that this process has started: none yet."""
    started: dict[int | None, SubprocessASGIServer] = {}
    monkeypatch.setattr(SubprocessASGIServer, "_instances", started)
    return started


def start() -> None:
    with embedded.starting_server():
        pass


def test_a_server_that_is_late_is_announced_and_then_refused(
    servers: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """After the notice comes the limit: the message says how to raise it, and no server is left."""
    monkeypatch.setattr(embedded, "NOTICE_SECONDS", 0)
    monkeypatch.setattr(embedded, "_answers", lambda url: False)
    changes = {
        PREFECT_API_URL: None,
        PREFECT_HOME: tmp_path / "late",
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 1,
    }
    with (
        temporary_settings(changes),
        pytest.raises(InputError, match=r"answer within 1 seconds, however: .*_TIMEOUT_SECONDS to"),
    ):
        start()
    assert capsys.readouterr().err == "Waiting for Prefect's server to start …\n"
    assert servers == pids_of(tmp_path / "late") == {}


def test_a_folder_of_prefects_that_cannot_be_used_is_named(servers: dict, tmp_path: Path) -> None:
    """Before any server starts, the message says which folder and how to choose another."""
    (tmp_path / "file").touch()
    with (
        temporary_settings({PREFECT_API_URL: None, PREFECT_HOME: tmp_path / "file"}),
        pytest.raises(InputError, match=r"file: File exists; name another with PREFECT_HOME"),
    ):
        start()


def test_a_server_that_is_there_is_used(servers: dict) -> None:
    """Where another server is named, none is started."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:4200/api"}):
        start()
    assert [server.server_process for server in servers.values()] == [None]
