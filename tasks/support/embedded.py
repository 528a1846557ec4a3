"""Prefect's embedded server: started before the first run, and given the time it needs."""

import atexit
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import prefect
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import Settings, get_current_settings

from slipstream.runtime.errors import InputError

__all__ = ["starting_server"]

NOTICE_SECONDS = 10  # by then, a person wants to know what is waited for
ANSWER_SECONDS = 5
LIMIT = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"


@contextmanager
def starting_server() -> Iterator[None]:
    """Start the server that the flows of this process use; at the end of the block, it answers.

    The block does what needs no server yet, such as importing a flow.

    Left to itself, Prefect starts it with the first run: one whose database cannot be opened again
    and again without end, and one that is late ends in a traceback.

    Raises:
        InputError: it ends, or does not answer within the limit.
    """
    settings = get_current_settings()
    server = SubprocessASGIServer()  # the one that Prefect's clients in this process look for
    if settings.api.url or server.running:
        yield
        return
    log = _log_file(settings.home)
    server.port = _free_port()
    with log.open("wb") as file:
        server.server_process = _spawn(settings, server.port, file.fileno())
    atexit.register(server.stop)
    try:
        yield
        _wait(server, settings.server.ephemeral.startup_timeout_seconds, log)
    except BaseException:
        server.stop()
        raise
    server.running = True


def _log_file(folder: Path) -> Path:
    log = folder / "server.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log.touch()
    except OSError as error:
        raise InputError(
            f"Prefect must have a folder that can be written, however: {folder}: {error.strerror}; "
            "name another with PREFECT_HOME"
        ) from None
    return log


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spawn(settings: Settings, port: int, log: int) -> subprocess.Popen[bytes]:
    """The server as Prefect starts it, except that its errors go to a log."""
    package = str(prefect.__module_path__.parent)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--app-dir", package),
            *("--factory", "prefect.server.api.server:create_app", "--lifespan", "on"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
        ],
        env={
            **os.environ,
            **settings.to_environment_variables(exclude_unset=True),
            "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT__SERVER_FINAL": "1",
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
        },
        stdout=log,
        stderr=log,
    )


def _wait(server: SubprocessASGIServer, limit_seconds: int, log: Path) -> None:
    process = server.server_process
    assert process is not None
    start = time.monotonic()
    said = False
    while not _answers(f"{server.api_url}/health"):
        waited_seconds = time.monotonic() - start
        if process.poll() is not None:
            raise InputError(
                f"Prefect's server must start, however: it ended with code {process.returncode}"
                f"{_reason(log)}; see {log}, or name another folder with SLIPSTREAM_HOME"
            )
        if waited_seconds > limit_seconds:
            raise InputError(
                f"Prefect's server must answer within {limit_seconds} seconds, however: it does "
                f"not; end what else keeps the machine busy, or set {LIMIT} to more"
            )
        if waited_seconds > NOTICE_SECONDS and not said:
            print("Waiting for Prefect's server to start …", file=sys.stderr, flush=True)
            said = True
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _reason(log: Path) -> str:
    """The last exception in a log, if there is one."""
    errors = re.findall(r"^[\w.]+Error: .*", log.read_text(errors="replace"), re.MULTILINE)
    return f": {errors[-1]}" if errors else ""
