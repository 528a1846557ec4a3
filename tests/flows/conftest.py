"""One Prefect server for all flow tests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from prefect.logging.handlers import APILogHandler
from prefect.server.api.server import SubprocessASGIServer

from tasks.support.embedded import starting_server
from tests.conftest import measure_briefly


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    with starting_server():  # waits as long as a run does, where Prefect's test harness gives up
        pass
    yield
    APILogHandler().flush()  # without the server, it would try for more than a minute
    SubprocessASGIServer().stop()


@pytest.fixture(scope="module", autouse=True)
def short_runs() -> Iterator[None]:
    """Measure briefly and draw no figures: these tests are about the flow, the rest has its own."""
    with pytest.MonkeyPatch.context() as patch:
        measure_briefly(patch)
        patch.setattr("slipstream.measurement.latency.COLD_CALLS", 3)
        patch.setattr("slipstream.evaluation.baseline.HIDDEN", (16, 16))
        patch.setattr("slipstream.evaluation.baseline.ALL_CELLS", 0)
        patch.setattr(Figure, "savefig", lambda figure, path, **options: Path(path).touch())
        yield


@contextmanager
def listening() -> Iterator[list[logging.LogRecord]]:
    """The records that the logs of runs get: Slipstream's, and those of Prefect's engines."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    loggers = [
        logging.getLogger(n) for n in ("slipstream", "prefect.task_runs", "prefect.flow_runs")
    ]
    for logger in loggers:
        logger.addHandler(handler)
    yield records
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture
def heard() -> Iterator[list[logging.LogRecord]]:
    with listening() as records:
        yield records
