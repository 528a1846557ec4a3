"""Up and down: the Prefect server, the MLflow server and a worker, kept running by supervisor.

supervisor starts, restarts and stops the processes; this module writes its configuration, waits
until each server is healthy, has the deployments applied, and remembers where the servers are.
"""

import configparser
import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from slipstream.artifacts.home import home, resolve_tracking_uri, root
from slipstream.config.tracking import TrackingConfig
from slipstream.operations.databases import check_databases
from slipstream.operations.deployments import POOL, apply_automations, apply_deployments
from slipstream.operations.prefect_api import connect
from slipstream.operations.servers import SERVICES, Addresses
from slipstream.runtime import InputError
from slipstream.tracking.locking import MLFLOW_DATABASE

__all__ = ["Services", "start", "stop", "wait"]

LOOPBACK = ("127.0.0.1", "localhost")
START_SECONDS = 300
STOP_SECONDS = 120
LOG_LINES = 15
SOCKET = "supervisor.sock"
SOCKET_BYTES = 107 - len(".4194304")  # sockaddr_un, less the process id that supervisor appends


@dataclass(frozen=True, kw_only=True)
class Services:
    """Where the servers listen."""

    host: str = "127.0.0.1"
    prefect_port: int = 4200
    mlflow_port: int = 5000

    @property
    def addresses(self) -> Addresses:
        """The addresses that clients use."""
        return Addresses(
            prefect=f"http://{self.host}:{self.prefect_port}",
            mlflow=f"http://{self.host}:{self.mlflow_port}",
        )


def start(services: Services, *, reset: bool = False) -> tuple[str, ...]:
    """Start all three under supervisor in the background, and return when they can be used.

    Returns notes on the deployments for the user; with `reset`, the files replace what was edited
    in Prefect.

    Raises:
        InputError: they run already, a port is taken, the host is public without authentication,
            a database refuses, or a server does not become healthy.
    """
    _check(services)
    check_databases()
    folder = home() / "services"
    _check_length(folder / SOCKET)
    folder.mkdir(exist_ok=True)
    config = _write_config(services, folder)
    environment = _environment(services)
    subprocess.run([_program("supervisord"), "-c", str(config)], env=environment, check=True)
    addresses = services.addresses
    try:
        _wait_until_healthy(f"{addresses.prefect}/api/health", folder / "prefect.log")
        _wait_until_healthy(f"{addresses.mlflow}/health", folder / "mlflow.log")
        notes = _deploy(environment, folder, reset=reset)
        _control("start", "worker")
    except BaseException:
        with contextlib.suppress(InputError):  # the first error says more
            stop()
        raise
    (home() / SERVICES).write_text(json.dumps(asdict(addresses)))
    return notes


def stop() -> bool:
    """Stop what `start` started; returns whether anything ran.

    Raises:
        InputError: supervisor was asked to stop, and still runs.
    """
    pid = _supervisor_pid()
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        _wait_until_gone(pid)
    (home() / SERVICES).unlink(missing_ok=True)
    return pid is not None


def wait() -> None:
    """Return when supervisor has ended, for whatever reason."""
    while _supervisor_pid() is not None:
        time.sleep(0.5)


def _wait_until_gone(pid: int) -> None:
    end = time.monotonic() + STOP_SECONDS
    while _supervisor_pid() == pid:
        if time.monotonic() > end:
            raise InputError(
                f"the servers must end within {STOP_SECONDS} seconds, however: their supervisor, "
                f"process {pid}, still runs; see {home() / 'services' / 'supervisor.log'}, then "
                "stop them again with make down"
            )
        time.sleep(0.1)


def _check(services: Services) -> None:
    if _supervisor_pid() is not None:
        raise InputError(
            "the servers must not run yet, however: they do; stop them first with make down"
        )
    if ":" in services.host:
        raise InputError(
            f"--host must be an IPv4 address or a name, however: {services.host}; write 127.0.0.1 "
            "for this machine only"
        )
    if services.host not in LOOPBACK and not os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        raise InputError(
            "servers that others can reach must ask for a password, however: the host is "
            f"{services.host} and PREFECT_SERVER_API_AUTH_STRING is not set; set it, and put "
            "MLflow behind a proxy that asks too, or stay on 127.0.0.1"
        )
    for flag, port in (
        ("--prefect-port", services.prefect_port),
        ("--mlflow-port", services.mlflow_port),
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((services.host, port))
            except OSError as error:
                raise InputError(
                    f"a server's port must be free, however: {services.host}:{port}: "
                    f"{error.strerror}; choose another with {flag}"
                ) from None


def _check_length(socket_file: Path) -> None:
    length = len(os.fsencode(socket_file))
    if length > SOCKET_BYTES:
        raise InputError(
            f"the path of supervisor's socket must have {SOCKET_BYTES} bytes at most, however: "
            f"{socket_file} has {length}; set SLIPSTREAM_HOME to a folder with a shorter path"
        )


def _write_config(services: Services, folder: Path) -> Path:
    config = configparser.RawConfigParser()
    socket_file = folder / SOCKET
    config["unix_http_server"] = {"file": str(socket_file), "chmod": "0700"}
    config["supervisord"] = {
        "logfile": str(folder / "supervisor.log"),
        "pidfile": str(folder / "supervisor.pid"),
        "directory": str(root()),
        **({"user": "root"} if os.geteuid() == 0 else {}),  # explicit, or it warns
    }
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisorctl"] = {"serverurl": f"unix://{socket_file}"}
    for name, command in _commands(services).items():
        config[f"program:{name}"] = {
            "command": " ".join(_quote(part) for part in command),
            "autostart": "false" if name == "worker" else "true",
            "startsecs": "1",
            "stopasgroup": "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": str(folder / f"{name}.log"),
            "stdout_logfile_maxbytes": "5MB",
        }
    path = folder / "supervisord.conf"
    with path.open("w") as file:
        config.write(file)
    return path


def _commands(services: Services) -> Mapping[str, list[str]]:
    """What supervisor runs. Databases are not named here: any user can read a command line."""
    own = {f"{host}:{services.mlflow_port}" for host in (services.host, *LOOPBACK)}
    others = os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS", "").split(",")  # what clients use
    hosts = ",".join(sorted({*own, *others} - {""}))
    return {
        "prefect": [
            *(_program("prefect"), "server", "start"),
            *("--host", services.host, "--port", str(services.prefect_port)),
        ],
        "mlflow": [
            *(_program("mlflow"), "server", "--host", services.host),
            *("--port", str(services.mlflow_port), "--workers", "1", "--app-name", "slipstream"),
            *("--allowed-hosts", hosts),
        ],
        "worker": [
            *(_program("prefect"), "worker", "start"),
            *("--pool", POOL, "--type", "process", "--name", POOL),
        ],
    }


def _quote(part: str) -> str:
    """As supervisor reads commands: shell words, in which % starts a substitution."""
    return shlex.quote(part).replace("%", "%%")


def _environment(services: Services) -> Mapping[str, str]:
    """What the servers, the worker and the runs it starts find in their environment."""
    api = f"{services.addresses.prefect}/api"
    defaults = {
        MLFLOW_DATABASE: resolve_tracking_uri(TrackingConfig().uri),
        "MLFLOW_ARTIFACTS_DESTINATION": (root() / "mlruns" / "artifacts").as_uri(),
        "PREFECT_API_AUTH_STRING": os.environ.get("PREFECT_SERVER_API_AUTH_STRING", ""),
        "PREFECT_SERVER_UI_API_URL": api,  # another one behind a proxy
        "PREFECT_UI_URL": services.addresses.prefect,
    }
    return {
        **os.environ,
        **{name: os.environ.get(name) or value for name, value in defaults.items()},
        "PREFECT_API_URL": api,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # what automations.yaml relies on
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONPATH": str(root()),  # where a run finds the tasks
        "SLIPSTREAM_HOME": str(home()),
    }


def _deploy(environment: Mapping[str, str], folder: Path, *, reset: bool) -> tuple[str, ...]:
    """Apply prefect.yaml and automations.yaml to the server."""

    def prefect(*arguments: str) -> None:
        done = subprocess.run(
            [_program("prefect"), *arguments],
            cwd=root(),
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            (folder / "deploy.log").write_text(done.stdout + done.stderr)
            raise InputError(
                "prefect.yaml must be accepted by Prefect, however: it refused"
                f" ({done.stderr.strip().splitlines()[-1:] or 'no reason given'}); "
                f"see {folder / 'deploy.log'}; where it is about parameters that were edited in "
                "Prefect, make up ARGS=--reset-deployments applies the file without them"
            )

    with connect(environment) as api:
        return (
            *apply_deployments(api, prefect, folder, reset=reset),
            *apply_automations(api, reset=reset),
        )


def _wait_until_healthy(url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    raise InputError(
        f"{url} must answer within {START_SECONDS} seconds, however: it does not; "
        f"its log {log} ends:\n" + "\n".join(f"  {line}" for line in lines)
    )


def _control(*command: str) -> None:
    config = home() / "services" / "supervisord.conf"
    subprocess.run(
        [_program("supervisorctl"), "-c", str(config), *command],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _supervisor_pid() -> int | None:
    """The process id of the supervisor that `start` started, if it still runs."""
    try:
        pid = int((home() / "services" / "supervisor.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(home() / "services").encode() in command else None


def _program(name: str) -> str:
    """A console script of this installation."""
    script = Path(sys.executable).parent / name
    return str(script) if script.exists() else shutil.which(name) or name
