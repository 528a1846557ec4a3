"""Where things lie: the checkout, its store and its MLflow database."""

import json
import os
import shutil
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from slipstream.runtime.errors import InputError

__all__ = [
    "SERVICES",
    "TRACKING_STORE",
    "Addresses",
    "check_password",
    "check_room",
    "has_checkout",
    "home",
    "home_path",
    "prepare_environment",
    "resolve_tracking_uri",
    "root",
    "running_services",
]

SERVICES = "services.json"
ROOM_BYTES = 32 << 20  # Prefect's database and its log, and some tables
_MLRUNS = "sqlite:///mlruns/"
TRACKING_STORE = f"{_MLRUNS}mlflow.db"  # where runs are written down unless the config says
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Addresses:
    """Where the servers are that `make up` started."""

    prefect: str = "http://127.0.0.1:4200"
    mlflow: str = "http://127.0.0.1:5000"


def has_checkout() -> bool:
    """Whether this package is installed from a checkout; a wheel has no flows."""
    return (_ROOT / "flows" / "optimize.py").is_file()


def root() -> Path:
    """The checkout this package is installed from.

    Raises:
        InputError: the package is installed without a checkout.
    """
    if not has_checkout():
        raise InputError(
            "this command needs a checkout of Slipstream, because its flows, tasks and benchmark "
            "are there, however: this is the installed wheel; clone the repository and run it there"
        )
    return _ROOT


def home_path() -> Path:
    """`.slipstream` in the checkout, or the folder that `SLIPSTREAM_HOME` names."""
    return Path(os.environ.get("SLIPSTREAM_HOME") or root() / ".slipstream").absolute()


def home() -> Path:
    """The private folder of the store and of Prefect's embedded database, made with mode 0700.

    A folder that was there before keeps the mode that somebody gave it.

    Raises:
        InputError: it cannot be made, or not be written.
    """
    folder = home_path()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"
    except OSError as error:
        reason = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
    if reason:
        raise InputError(
            "the store must have a folder that can be written, however: "
            f"{folder}: {reason}; name another with SLIPSTREAM_HOME"
        )
    return folder


def check_room() -> None:
    """Check that a run could begin: on a full disk, Prefect would try for a minute, and fail.

    Raises:
        InputError: there is no room for it.
    """
    free_bytes = shutil.disk_usage(home()).free
    if free_bytes < ROOM_BYTES:
        raise InputError(
            f"the store must have {ROOM_BYTES:,} bytes of room for a run, however: {home()} has "
            f"{free_bytes:,}; remove something (slipstream clean), or name another folder with "
            "SLIPSTREAM_HOME"
        )


def resolve_tracking_uri(uri: str) -> str:
    """Anchor `mlruns/` at the checkout; every other tracking URI is used as it is."""
    if not uri.startswith(_MLRUNS):
        return uri
    folder = root() / "mlruns"
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{folder}/{uri.removeprefix(_MLRUNS)}"


def running_services() -> Addresses | None:
    """The servers that `make up` started, if they answer."""
    try:
        addresses = Addresses(**json.loads((home() / SERVICES).read_text()))
        with urlopen(f"{addresses.prefect}/api/health", timeout=2):
            return addresses
    except (OSError, TypeError, ValueError):
        return None


def check_password() -> None:
    """Check that the Prefect server of `make up` lets us in, where a run would use it.

    Raises:
        InputError: it asks for a password that is not set, or another.
    """
    services = running_services()
    if services is None or os.environ.get("PREFECT_API_URL") != f"{services.prefect}/api":
        return
    login = b64encode(os.environ.get("PREFECT_API_AUTH_STRING", "").encode()).decode()
    request = Request(
        f"{services.prefect}/api/admin/version", headers={"Authorization": f"Basic {login}"}
    )
    try:
        urlopen(request, timeout=10).close()
    except HTTPError as error:
        if error.code == 401:
            raise InputError(
                "PREFECT_API_AUTH_STRING must be what the Prefect server asks for "
                "(PREFECT_SERVER_API_AUTH_STRING where it was started), however: "
                f"{services.prefect} does not let us in; export it"
            ) from None
        raise


def prepare_environment() -> None:
    """Set what Prefect and MLflow read when they are imported; what is set already stays.

    The Prefect server of `make up`, else an embedded one that keeps its database here; no
    telemetry, no promotion, and no Prefect log on the terminal, where the report says it all.
    """
    services = running_services()
    settings = {
        **({"PREFECT_API_URL": f"{services.prefect}/api"} if services else {}),
        **({"PREFECT_UI_URL": services.prefect} if services else {}),
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A busy machine needs longer than Prefect's 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "slipstream",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # A server that does not answer is told after seconds, not after minutes.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
