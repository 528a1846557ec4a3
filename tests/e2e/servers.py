"""Running servers, for the tests that use them and for the script that takes pictures."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

PROGRAM = str(Path(sys.executable).parent / "slipstream")
SETTLED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(home: Path) -> list[str]:
    """Command lines of the processes whose environment or arguments name this home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(home).encode() in told and state != "Z" and int(process.name) != os.getpid():
            found.append((process / "cmdline").read_text().replace("\0", " "))
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
            timeout=180,
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
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder}/mlflow.db",
        },
        flags=["--prefect-port", str(prefect), "--mlflow-port", str(mlflow)],
        prefect=f"http://127.0.0.1:{prefect}",
        mlflow=f"http://127.0.0.1:{mlflow}",
    )


def run_deployment(up: Up, config: dict, name: str = "optimize/on-demand") -> dict:
    """Start a run as the form in the UI does, and wait until it is over."""
    with httpx.Client(base_url=f"{up.prefect}/api", timeout=30, auth=up.auth) as api:
        deployment = api.get(f"/deployments/name/{name}").raise_for_status().json()
        body = {"parameters": {"config": config}}
        for _ in range(10):  # a server that is busy says so with 503; Prefect's clients ask again
            run = api.post(f"/deployments/{deployment['id']}/create_flow_run", json=body)
            if run.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(2)
        run_id = run.raise_for_status().json()["id"]
        end = time.monotonic() + 120
        while time.monotonic() < end:
            run = api.get(f"/flow_runs/{run_id}").json()
            if run["state"]["type"] in SETTLED:
                time.sleep(3)  # logs and artifacts arrive a moment later
                return run
            time.sleep(1)
    raise AssertionError(run["state"])
