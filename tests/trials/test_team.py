"""Team mode: both servers on a real PostgreSQL, and promotions that wait for each other there."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from slipstream.operations.databases import MLFLOW_DATABASE as MLFLOW
from slipstream.operations.databases import PREFECT_DATABASE as PREFECT
from slipstream.operations.databases import check_databases
from slipstream.reporting.record import Decision
from slipstream.runtime import InputError
from slipstream.tracking import locking
from slipstream.tracking.locking import promotion_lock
from slipstream.tracking.registry import Registry
from tests.e2e.postgres import Postgres, find_binaries, running_postgres
from tests.e2e.servers import (
    ASK_SECONDS,
    LIMIT_SECONDS,
    PROGRAM,
    Up,
    processes_of,
    run_deployment,
    up_in,
)

PASSWORD = "team@secret%41c7"  # with signs that mean something in a URL and in a config file
OnHost = Callable[..., subprocess.Popen[str]]
FORMS = (PASSWORD, quote(PASSWORD, safe=""))
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
HOLDER = """
import time
from slipstream.tracking.locking import promotion_lock
with promotion_lock("demo", "http://127.0.0.1"):
    print("held", flush=True)
    time.sleep(600)
"""


def shows_the_password(text: str) -> bool:
    return any(form in text for form in FORMS)


class CommandLines(threading.Thread):
    """Looks over and over at the command lines of all processes, as `ps` would."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.found: set[str] = set()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_text(errors="replace")
                except OSError:
                    continue
                if shows_the_password(line):
                    self.found.add(line)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    binaries = find_binaries()
    if binaries is None:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with running_postgres(binaries, PASSWORD) as server:
        with server.connect() as connection:
            connection.execute("CREATE DATABASE prefect")
            connection.execute("CREATE DATABASE mlflow")
        yield server


@pytest.fixture(scope="module")
def command_lines() -> Iterator[CommandLines]:
    watcher = CommandLines()
    watcher.start()
    yield watcher
    watcher.over.set()


@pytest.fixture(scope="module")
def team(
    postgres: Postgres,
    command_lines: CommandLines,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Up]:
    """The servers on two databases of that PostgreSQL, as a public address would need them."""
    place = tmp_path_factory.mktemp("team")
    up = up_in(place, environment)
    up.environment.update(
        PREFECT_SERVER_DATABASE_CONNECTION_URL=postgres.url("prefect", "postgresql+asyncpg"),
        PREFECT_SERVER_API_AUTH_STRING=f"admin:{PASSWORD}",
        MLFLOW_BACKEND_STORE_URI=postgres.url("mlflow"),
        MLFLOW_ARTIFACTS_DESTINATION=(place / "artifacts").as_uri(),
        PREFECT_SERVER_UI_API_URL="https://prefect.example/api",
        MLFLOW_SERVER_ALLOWED_HOSTS="mlflow.example",
        MLFLOW_SERVER_CORS_ALLOWED_ORIGINS="https://mlflow.example",
    )
    started = up.run("up", "--detach", *up.flags)
    assert started.returncode == 0, started.stderr
    assert not shows_the_password(started.stdout + started.stderr)
    assert f"tracking.uri = {up.mlflow}" in started.stdout
    yield up
    assert up.run("down").stdout == "stopped\n"
    assert processes_of(up.home) == []


def versions_of(up: Up, model: str) -> list[dict]:
    answer = httpx.get(
        f"{up.mlflow}/api/2.0/mlflow/model-versions/search",
        params={"filter": f"name = '{model}'"},
        timeout=ASK_SECONDS,
    )
    return answer.raise_for_status().json().get("model_versions", [])


def champion_of(up: Up, model: str) -> str:
    answer = httpx.get(
        f"{up.mlflow}/api/2.0/mlflow/registered-models/alias",
        params={"name": model, "alias": "champion"},
        timeout=ASK_SECONDS,
    )
    return answer.raise_for_status().json()["model_version"]["version"]


def test_a_retraining_on_postgresql_makes_a_champion(team: Up, postgres: Postgres) -> None:
    """Started as the form does it, a retraining completes, and its champion is served by alias."""
    config = {
        "data": {"path": "breast_cancer"},
        "training": {"epochs": 20},
        "tracking": {"uri": team.mlflow},
    }
    run = run_deployment(team, config, "retrain/retrain-now")
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert champion_of(team, "breast_cancer") == "1"
    with postgres.connect("mlflow") as connection:
        (location,) = connection.execute(
            "SELECT artifact_location FROM experiments WHERE name = 'slipstream'"
        ).fetchone()
    assert location.startswith("mlflow-artifacts:/")
    load = "import slipstream; print(slipstream.load('models:/breast_cancer@champion').task)"
    loaded = subprocess.run(
        [sys.executable, "-c", load],
        env={**team.environment, "MLFLOW_TRACKING_URI": team.mlflow},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout == "binary\n", loaded.stderr


@pytest.fixture
def on_host(team: Up) -> Iterator[OnHost]:
    """Start a program as another host would, with a home of its own; none is left behind."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *command: str) -> subprocess.Popen[str]:
        environment = {
            **team.environment,
            "SLIPSTREAM_HOME": str(team.home.parent / name),
            "PREFECT_API_URL": f"{team.prefect}/api",
            "PREFECT_API_AUTH_STRING": team.environment["PREFECT_SERVER_API_AUTH_STRING"],
        }
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_promotions_at_once_wait_for_each_other(
    team: Up, postgres: Postgres, on_host: OnHost
) -> None:
    """Of two hosts that retrain the same at once, one registers; a killed one keeps nobody out."""
    flags = ["--training.epochs", "10", "--features.k", "3", "--tracking.uri", team.mlflow]
    holder = on_host("first", sys.executable, "-c", HOLDER)
    assert holder.stdout.readline() == "held\n"
    retrainings = [on_host(name, PROGRAM, "retrain", *flags) for name in ("second", "third")]
    with postgres.connect("mlflow") as connection:
        end = time.monotonic() + LIMIT_SECONDS
        while connection.execute(WAITING).fetchone() != (2,) and time.monotonic() < end:
            time.sleep(0.1)
        assert connection.execute(WAITING).fetchone() == (2,)
    assert versions_of(team, "demo") == []
    holder.send_signal(signal.SIGKILL)
    for retraining in retrainings:
        _, errors = retraining.communicate(timeout=LIMIT_SECONDS)
        assert retraining.returncode == 0, errors
    (version,) = versions_of(team, "demo")
    assert champion_of(team, "demo") == version["version"]


def test_one_step_back_through_the_server(team: Up) -> None:
    """The console script rolls a champion back in the team's registry."""
    registry = Registry("demo", team.mlflow)
    (first,) = versions_of(team, "demo")
    second = registry.register(first["run_id"], "another identity", "the same split")
    registry.settle(second, Decision(promoted=True, reason="a test says so"))
    assert champion_of(team, "demo") == "2"
    back = team.run("rollback", "demo", "--tracking-uri", team.mlflow)
    assert back.stdout.endswith("version 1 is again\n"), back.stderr
    assert champion_of(team, "demo") == "1"


def test_a_promotion_waits_for_the_same_model_only(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model is promoted meanwhile; the same one waits, not for ever, and says why."""
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", postgres.url("mlflow"))
    monkeypatch.setattr(locking, "WAIT_SECONDS", 1)
    server = "http://127.0.0.1"
    with promotion_lock("churn", server), promotion_lock("fraud", server):
        again = promotion_lock("churn", server)
        with pytest.raises(InputError, match="'churn' has not ended within 1 seconds"):
            again.__enter__()
    with promotion_lock("churn", server):
        pass


def test_a_shell_without_the_password_gets_a_message(team: Up) -> None:
    """A run from the terminal that the Prefect server will not let in ends with one message."""
    refused = team.run("optimize", "--tracking.uri", team.mlflow)
    assert refused.returncode == 2
    assert "PREFECT_API_AUTH_STRING must be what the Prefect server asks for" in refused.stderr


def test_pages_behind_a_proxy_can_be_used(team: Up) -> None:
    """Prefect's page calls its API through the proxy, with a password; MLflow knows its name."""
    settings = httpx.get(f"{team.prefect}/ui-settings", timeout=ASK_SECONDS).json()
    assert settings["api_url"] == "https://prefect.example/api"
    assert (
        httpx.post(f"{team.prefect}/api/flows/filter", json={}, timeout=ASK_SECONDS).status_code
        == 401
    )
    search = f"{team.mlflow}/ajax-api/2.0/mlflow/experiments/search"
    for name, answer in (("mlflow.example", httpx.codes.OK), ("other", httpx.codes.FORBIDDEN)):
        headers = {"Host": name, "Origin": f"https://{name}"}
        found = httpx.post(search, json={"max_results": 1}, headers=headers, timeout=ASK_SECONDS)
        assert found.status_code == answer, found.text


def test_the_password_is_nowhere(team: Up, postgres: Postgres, command_lines: CommandLines) -> None:
    """No command line, no file of ours and no row of either database has held the password."""
    assert command_lines.found == set()
    files = [path for path in team.home.parent.rglob("*") if path.is_file()]
    assert {"services.json", "supervisord.conf", "mlflow.log"} <= {path.name for path in files}
    assert [path for path in files if shows_the_password(path.read_text(errors="replace"))] == []
    for database in ("prefect", "mlflow"):
        dump = postgres.dump(database)
        assert "breast_cancer" in dump
        assert not shows_the_password(dump)


def test_a_password_file_will_do(postgres: Postgres, tmp_path: Path) -> None:
    """Both servers' drivers read the password from the file that PGPASSFILE names."""
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{postgres.port}:*:team:{PASSWORD}\n")
    file.chmod(0o600)
    url = f"postgresql+psycopg://team@127.0.0.1:{postgres.port}/"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from slipstream.operations.databases import check_databases; check_databases()",
        ],
        env={
            **os.environ,
            "PGPASSFILE": str(file),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"{url}prefect".replace("psycopg", "asyncpg"),
            "MLFLOW_BACKEND_STORE_URI": f"{url}mlflow",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variable", "url", "fact"),
    [
        (
            PREFECT,
            "postgresql+asyncpg://team:hush@127.0.0.1:{port}/prefect",
            "authentication failed",
        ),
        (PREFECT, "postgresql+psycopg://team:hush@127.0.0.1:1/prefect", "psycopg is not a driver"),
        (PREFECT, "postgresql+asyncpg://team:hush@127.0.0.1:1/prefect", "refused|Connect"),
        (MLFLOW, "postgresql+psycopg://team:hush@127.0.0.1:{port}/mlflow", "authentication failed"),
        (MLFLOW, "postgresql+psycopg2://team:hush@127.0.0.1:{port}/mlflow", "'psycopg2'"),
        (MLFLOW, "postgres://team:hush@127.0.0.1:{port}/mlflow", "postgres"),
        (MLFLOW, "team:hush", "Could not parse"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, variable: str, url: str, fact: str
) -> None:
    """Before anything starts, one message names the variable and the cause, not the password."""
    monkeypatch.setenv(variable, url.format(port=postgres.port))
    with pytest.raises(InputError, match=f"(?s){variable} must.*({fact})") as raised:
        check_databases()
    assert "hush" not in str(raised.value)
