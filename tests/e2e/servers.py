"""Running servers, for the tests that use them and for the script that takes pictures."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PROGRAM = str(Path(sys.executable).parent / "slipstream")
LIMIT_SECONDS = 900  # of what is over in one, unless a machine is busy: a hang, and no delay
ASK_SECONDS = 120
SETTLED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(home: Path | str) -> list[str]:
    """Command lines of the processes whose environment or arguments name this home, or a run."""
    return list(pids_of(home).values())


def pids_of(home: Path | str) -> dict[int, str]:
    """Those processes, each with its id and its command line."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(home).encode() in told and state != "Z" and int(process.name) != os.getpid():
            found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
    return found


@dataclass(frozen=True)
class Up:
    """Running servers, and what they were started with."""

    home: Path
    environment: dict[str, str]
    flags: list[str]
    prefect: str
    mlflow: str

    @property
    def auth(self) -> tuple[str, str] | None:
        """What the Prefect server asks for, if it does."""
        user, _, password = self.environment.get("PREFECT_SERVER_API_AUTH_STRING", "").partition(
            ":"
        )
        return (user, password) if user else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )


def up_in(folder: Path, environment: dict[str, str]) -> Up:
    """Servers on free ports, with all they keep in a folder; not started yet."""
    prefect, mlflow = free_port(), free_port()
    return Up(
        home=folder / "home",
        environment={
            **environment,
            "SLIPSTREAM_HOME": str(folder / "home"),
            # How often they look for runs to start, and to plan.
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder}/mlflow.db",
        },
        flags=["--prefect-port", str(prefect), "--mlflow-port", str(mlflow)],
        prefect=f"http://127.0.0.1:{prefect}",
        mlflow=f"http://127.0.0.1:{mlflow}",
    )


def start_run(up: Up, config: dict, name: str = "optimize/optimize-table") -> str:
    """Start a run as the form in the UI does, which has a path and a target; returns its id."""
    deployment = ask(up, "GET", f"/deployments/name/{name}")
    data = {"path": "demo", "target": "target", **config.get("data", {})}
    body = {"parameters": {"config": {**config, "data": data}}}
    return str(ask(up, "POST", f"/deployments/{deployment['id']}/create_flow_run", body)["id"])


def await_run(up: Up, run_id: str, seconds: float = LIMIT_SECONDS) -> dict:
    """Wait until a run is over, and its process too, which sends its log until it ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = ask(up, "GET", f"/flow_runs/{run_id}")
        if run["state"]["type"] in SETTLED and not processes_of(run_id):
            return run
        time.sleep(0.5)
    raise AssertionError(run["state"])


def run_deployment(up: Up, config: dict, name: str = "optimize/optimize-table") -> dict:
    """Start a run, and wait until it is over."""
    return await_run(up, start_run(up, config, name))


def find(up: Up, what: str, run: dict) -> list[dict]:
    """Task runs, artifacts or logs of a flow run."""
    mine = {"flow_run_id": {"any_": [run["id"]]}}
    return ask(up, "POST", f"/{what}/filter", {what: mine})


def ask(up: Up, method: str, path: str, body: object = None, *, answers: bool = True) -> Any:
    """Ask the Prefect server; one that is busy says 503, and Prefect's clients ask it again."""
    end = time.monotonic() + LIMIT_SECONDS
    while True:
        url = f"{up.prefect}/api{path}"
        answer = httpx.request(method, url, json=body, timeout=ASK_SECONDS, auth=up.auth)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
            break
        time.sleep(2)
    answer.raise_for_status()
    return answer.json() if answers else None
