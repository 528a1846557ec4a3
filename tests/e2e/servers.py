"""Running servers, for the tests that use them and for the script that takes pictures."""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = str(Path(sys.executable).parent / "slipstream")


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
