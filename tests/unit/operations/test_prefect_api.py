"""Asking a Prefect server that is busy, that refuses, or that does not answer."""

from pathlib import Path

import httpx
import pytest

from slipstream.operations import prefect_api
from slipstream.operations.prefect_api import ATTEMPTS, PrefectApi
from slipstream.runtime import InputError


@pytest.fixture(autouse=True)
def _at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_api, "WAIT_SECONDS", 0)
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path))


def api(*answers: int | httpx.TransportError) -> PrefectApi:
    """A server that gives these answers, one after the other."""
    left = iter(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        answer = next(left)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return httpx.Response(answer, json={"status": answer})

    client = httpx.Client(base_url="http://server/api", transport=httpx.MockTransport(handle))
    return PrefectApi(client)


SLOW = httpx.ReadTimeout("timed out")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_reading_or_deleting_what_does_not_exist_gives_none(method: str) -> None:
    """Reading or deleting what does not exist gives None."""
    assert api(404).ask(method, "/variables/name/x") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_write_to_what_does_not_exist_is_refused(method: str) -> None:
    """A write that reached nothing is an error."""
    with pytest.raises(InputError, match=f"it answered 404 to {method} /automations/1"):
        api(404).ask(method, "/automations/1", {})


def test_a_busy_server_is_asked_again() -> None:
    """A timeout and a busy server lead to another attempt."""
    assert api(SLOW, 503, 200).ask("GET", "/x") == {"status": 200}


def test_a_repeated_request_that_was_done_already_is_done() -> None:
    """What a request made before its answer was lost exists already, and that is not an error."""
    assert api(SLOW, 409).ask("POST", "/variables/", {}) is None
    with pytest.raises(InputError, match=r"automations\.yaml.* 409 to POST .*fix them"):
        api(409).ask("POST", "/variables/", {})


@pytest.mark.parametrize("answer", [SLOW, httpx.ReadTimeout(""), 503])
def test_a_server_that_never_answers_is_an_error_with_its_log(
    answer: int | httpx.TransportError, tmp_path: Path
) -> None:
    """After the last attempt, the message has the request and where the server's log is."""
    with pytest.raises(InputError, match=r"must answer, however: .*GET /x") as raised:
        api(*[answer] * ATTEMPTS).ask("GET", "/x")
    assert str(tmp_path / "services" / "prefect.log") in str(raised.value)


@pytest.mark.parametrize(
    ("status", "blamed"), [(401, False), (500, False), (409, True), (422, True)]
)
def test_the_files_are_blamed_only_for_their_content(status: int, blamed: bool) -> None:
    """A password that is missing, or a fault of the server, is not blamed on the files."""
    with pytest.raises(InputError, match=f"it answered {status} to PUT /x") as raised:
        api(status).ask("PUT", "/x", {})
    assert ("automations.yaml" in str(raised.value)) == blamed


def test_a_server_without_tokens_gets_none() -> None:
    """If the server guards against no forged requests, no token is sent; no answer is an error."""
    api(422).guard_against_forgery()
    with pytest.raises(InputError, match="must answer"):
        api(500).guard_against_forgery()
