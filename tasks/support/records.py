"""How a stage's result is kept: as a record in JSON, which counts while its files are intact."""

import json
import logging
from typing import Literal

from prefect.serializers import Serializer

from slipstream.artifacts import references
from slipstream.artifacts.opening import open_store
from slipstream.artifacts.traces import RowTrace
from slipstream.artifacts.values import Reference, blobs
from slipstream.search.found import Found

__all__ = ["ReferenceSerializer"]

logger = logging.getLogger("slipstream")

# The only types a record may hold: a record names its type, and a name must not be trusted.
KNOWN: dict[str, type[Reference]] = {
    each.__name__: each
    for each in (
        references.DatasetRef,
        references.PreparedRef,
        references.TeacherRef,
        references.FeatureMask,
        Found,
        references.NetworkRef,
        references.Bundles,
        references.Baseline,
        RowTrace,
    )
}


class ReferenceSerializer(Serializer):  # without [Reference]: subscripting would register it
    """Writes references as JSON; reads one only if every file it depends on is intact.

    Prefect takes an unreadable record for a cache miss, so the stage runs again.
    """

    type: Literal["slipstream-reference"] = "slipstream-reference"

    def dumps(self, obj: Reference) -> bytes:
        """Write a reference."""
        return json.dumps({"type": type(obj).__name__, "value": obj.model_dump_json()}).encode()

    def loads(self, blob: bytes) -> Reference:
        """Read a reference, and check the files it depends on."""
        record = json.loads(blob)
        value = KNOWN[record["type"]].model_validate_json(record["value"])
        store = open_store()
        for file in blobs(value):
            if not store.is_intact(file):
                logger.warning(
                    "A stored file of %s is missing or altered; the stage runs again.",
                    record["type"],
                )
                raise ValueError(f"{store.path(file)} is missing or altered")
        return value
