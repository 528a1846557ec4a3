import logging
from pathlib import Path

import pytest

from slipstream.runtime import InputError
from slipstream.tracking import locking
from slipstream.tracking.locking import promotion_lock, setup_lock

STORE = "sqlite:///mlruns/mlflow.db"
BACKEND = "MLFLOW_BACKEND_STORE_URI"


@pytest.fixture(autouse=True)
def short_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path))
    monkeypatch.delenv(BACKEND, raising=False)
    monkeypatch.setattr(locking, "WAIT_SECONDS", 0.1)


def test_the_same_model_waits_and_another_does_not() -> None:
    """On one host a second promotion of a model waits, up to a limit; another model's does not."""
    long = "ü" * 200
    again = promotion_lock("churn", STORE)
    refused = pytest.raises(InputError, match="'churn' has not ended")
    with promotion_lock("churn", STORE), promotion_lock(long, STORE), refused:
        again.__enter__()
    with promotion_lock("churn", STORE):
        pass


def test_a_store_that_is_never_set_up_is_one_message() -> None:
    """Waiting too long for a store's tables ends in one message, as for a promotion."""
    again = setup_lock()
    refused = pytest.raises(InputError, match="has not ended within 0.1 seconds")
    with setup_lock(), refused:
        again.__enter__()
    with setup_lock():
        pass


def test_a_promotion_that_fails_lets_the_next_one_in() -> None:
    """The lock is free again after an error."""
    with pytest.raises(ZeroDivisionError), promotion_lock("churn", STORE):
        _ = 1 / 0
    with promotion_lock("churn", STORE):
        pass


def test_a_server_whose_database_is_unknown_causes_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A promotion through a server warns if other hosts are not waited for, and how to fix it."""
    with caplog.at_level(logging.WARNING), promotion_lock("churn", "http://127.0.0.1:5000"):
        pass
    assert f"set {BACKEND}" in caplog.text
    caplog.clear()
    monkeypatch.setenv(BACKEND, "sqlite:///mlflow.db")  # then the server is on this host too
    with caplog.at_level(logging.WARNING), promotion_lock("churn", "http://127.0.0.1:5000"):
        pass
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("postgresql+psycopg://team:hush@127.0.0.1:1/mlflow", "refused"),
        ("postgresql+none://team:hush@127.0.0.1:1/mlflow", "postgresql.none"),
        ("postgresql:team:hush", "parse"),
    ],
)
def test_a_database_that_does_not_answer_is_one_message(
    url: str, fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable and the cause, and not the password."""
    monkeypatch.setenv(BACKEND, url)
    lock = promotion_lock("churn", "http://127.0.0.1:5000")
    with pytest.raises(InputError, match=f"(?s){BACKEND}.*{fact}") as raised:
        lock.__enter__()
    assert "hush" not in str(raised.value)
