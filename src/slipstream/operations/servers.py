"""The servers that `make up` started, as a run finds them."""

import json
import os
from base64 import b64encode
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from slipstream.artifacts.home import home
from slipstream.runtime.errors import InputError

__all__ = ["SERVICES", "Addresses", "check_password", "mlflow_address", "running_services"]

SERVICES = "services.json"


@dataclass(frozen=True)
class Addresses:
    """Where the servers are that `make up` started."""

    prefect: str = "http://127.0.0.1:4200"
    mlflow: str = "http://127.0.0.1:5000"


def running_services() -> Addresses | None:
    """The servers that `make up` started, if they answer."""
    try:
        addresses = Addresses(**json.loads((home() / SERVICES).read_text()))
        with urlopen(f"{addresses.prefect}/api/health", timeout=10):
            return addresses
    except (OSError, TypeError, ValueError):
        return None


def mlflow_address(tracking_uri: str) -> str:
    """Where the pages of a tracking store are: on its server, else on the one of `make up`."""
    if tracking_uri.startswith("http"):
        return tracking_uri.rstrip("/")
    return (running_services() or Addresses()).mlflow


def check_password() -> None:
    """Check that the Prefect server of `make up` accepts our password, if a run would use it.

    Raises:
        InputError: the password is not set, or is another one.
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
                f"{services.prefect} rejects the login; export it"
            ) from None
        raise
