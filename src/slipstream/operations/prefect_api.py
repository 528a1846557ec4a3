"""The HTTP interface of a Prefect server, without Prefect."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from slipstream.artifacts.home import home
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
        """The server's answer; None if there is nothing to read or to delete.

        Also None if a repeated request finds that the first attempt had succeeded.

        Raises:
            InputError: it refuses, or does not answer.
        """
        answer, repeated = self._send(method, path, body)
        if answer.status_code == httpx.codes.NOT_FOUND and method in {"GET", "DELETE"}:
            return None
        if answer.status_code == httpx.codes.CONFLICT and method == "POST" and repeated:
            return None
        _check(answer, method, path)
        return answer.json() if answer.content else None

    def guard_against_forgery(self) -> None:
        """Send the token that the server requires for writing."""
        name = str(uuid.uuid4())
        path = f"/csrf-token?client={name}"
        answer, _ = self._send("GET", path, None)
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY}:
            return  # it requires none
        _check(answer, "GET", path)
        self._client.headers["Prefect-Csrf-Client"] = name
        self._client.headers["Prefect-Csrf-Token"] = answer.json()["token"]

    def _send(self, method: str, path: str, body: object) -> tuple[httpx.Response, bool]:
        """The answer, and whether an earlier request may have been carried out unanswered."""
        repeated = False
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                answer = self._client.request(method, path, json=body)
            except httpx.TransportError as error:  # a timeout, say, on a busy machine
                if not attempts_left:
                    reason = shorten(str(error)) or type(error).__name__
                    fact = f"{method} {path} went unanswered {ATTEMPTS} times: {reason}"
                    raise _no_answer(fact) from None
                repeated = True
            else:
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not attempts_left:
                    break
            time.sleep(WAIT_SECONDS)
        return answer, repeated


@contextmanager
def connect(environment: Mapping[str, str]) -> Iterator[PrefectApi]:
    """The server of an environment, with its password and its token against forged requests.

    Raises:
        InputError: it does not answer.
    """
    user, _, password = environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
    with httpx.Client(
        base_url=environment["PREFECT_API_URL"],
        auth=(user, password) if user else None,
        timeout=TIMEOUT_SECONDS,
    ) as client:
        api = PrefectApi(client)
        api.guard_against_forgery()
        yield api


def _check(answer: httpx.Response, method: str, path: str) -> None:
    """Raise an InputError if the server did not do as it was asked."""
    if not answer.is_error:
        return
    says = f"it answered {answer.status_code} to {method} {path}: {shorten(answer.text)}"
    if answer.status_code in {httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}:
        raise InputError(
            "the Prefect server must accept prefect.yaml and automations.yaml, however: "
            f"{says}; fix them"
        )
    raise _no_answer(says)


def _no_answer(fact: str) -> InputError:
    log = home() / "services" / "prefect.log"
    return InputError(f"the Prefect server must answer, however: {fact}; see {log}")
