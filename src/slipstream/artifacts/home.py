"""Where files are kept: the checkout, the private folder and the MLflow store."""

import os
import shutil
from pathlib import Path

from slipstream.runtime.errors import InputError

__all__ = [
    "TRACKING_STORE",
    "check_room",
    "has_checkout",
    "home",
    "home_path",
    "resolve_tracking_uri",
    "root",
]

ROOM_BYTES = 32 << 20  # Prefect's database and its log, and some tables


_MLRUNS = "sqlite:///mlruns/"


TRACKING_STORE = f"{_MLRUNS}mlflow.db"  # where runs are recorded by default


_ROOT = Path(__file__).resolve().parents[3]


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

    An existing folder keeps its mode.

    Raises:
        InputError: it cannot be created or written to.
    """
    folder = home_path()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"
    except OSError as error:
        reason = "it is not a folder" if isinstance(error, FileExistsError) else error.strerror
    if reason:
        raise InputError(
            "the store must have a folder that can be written, however: "
            f"{folder}: {reason}; name another with SLIPSTREAM_HOME"
        )
    return folder


def check_room() -> None:
    """Check that a run has room: on a full disk, Prefect would retry for a minute before it fails.

    Raises:
        InputError: it does not.
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
