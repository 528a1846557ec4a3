"""Stage 3, teach: a larger model answers every row, for the network to learn from."""

from typing import Any

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef, PreparedRef, TeacherRef
from slipstream.training.teaching.given import fingerprint
from tasks.support.stage import cached


def _fingerprint(arguments: dict[str, Any]) -> str | None:
    return fingerprint(arguments["file"])


@task(**cached("teach", source=_fingerprint))
def teach(dataset: DatasetRef, prepared: PreparedRef, file: str, seed: int) -> TeacherRef:
    """Fit a teacher, or read its answers from a file."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream.training.teaching import teacher

    return teacher.teach(dataset, prepared, file, seed, open_store())
