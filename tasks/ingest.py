"""Stage 1, ingest: a source becomes a dataset snapshot."""

from typing import Any

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef
from slipstream.config.data import DataConfig
from slipstream.data import ingestion
from slipstream.data.sources.source import source_of
from tasks.support.stage import IO_SECONDS, cached


def _fingerprint(arguments: dict[str, Any]) -> str | None:
    return source_of(arguments["data"]).fingerprint()


@task(**cached("ingest", source=_fingerprint), timeout_seconds=IO_SECONDS)
def ingest(data: DataConfig) -> DatasetRef:
    """Read the source, type its columns, split its rows, and keep a snapshot."""
    return ingestion.ingest(data, open_store())
