"""The HTTP interface of a Prefect server, without Prefect."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from slipstream.runtime import InputError
from slipstream.runtime.text import shorten

__all__ = ["PrefectApi", "connect"]

ATTEMPTS = 10
WAIT_SECONDS = 2
TIMEOUT_SECONDS = 30


class PrefectApi:
    """A server that is asked for JSON, and asked again while it is busy."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the server answers; None where there is nothing.

        Raises:
            InputError: it refuses.
        """
        for _ in range(ATTEMPTS):
            answer = self._client.request(method, path, json=body)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(WAIT_SECONDS)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise InputError(
                "the Prefect server must accept prefect.yaml and automations.yaml, however: it "
                f"says {answer.status_code} to {method} {path}: {shorten(answer.text)}; mend them"
            )
        return answer.json() if answer.content else None


@contextmanager
def connect(environment: Mapping[str, str]) -> Iterator[PrefectApi]:
    """The server of an environment, with its password and its token against forged requests."""
    user, _, password = environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
    with httpx.Client(
        base_url=environment["PREFECT_API_URL"],
        auth=(user, password) if user else None,
        timeout=TIMEOUT_SECONDS,
    ) as client:
        name = str(uuid.uuid4())
        token = client.get("/csrf-token", params={"client": name})
        if token.is_success:  # else the server wants none
            client.headers["Prefect-Csrf-Client"] = name
            client.headers["Prefect-Csrf-Token"] = token.json()["token"]
        yield PrefectApi(client)
