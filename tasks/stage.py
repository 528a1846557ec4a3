"""What the tasks share: how a stage is cached, where its result lies, how a mistake is logged."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.context import TaskRunContext
from prefect.serializers import Serializer

from slipstream import references, results
from slipstream.checkout import home
from slipstream.fingerprint import code_digest, library_versions
from slipstream.references import Reference, blobs
from slipstream.results import Stage
from slipstream.runtime.errors import SlipstreamError
from slipstream.store import open_store

__all__ = ["IO_SECONDS", "ReferenceSerializer", "StageTrace", "cached", "measured", "one_message"]

P = ParamSpec("P")
R = TypeVar("R", bound=Reference)

logger = logging.getLogger("slipstream")

# A server, a file system or a lock that does not answer by then never will.
IO_SECONDS = 1800

RESULTS = home() / "results"

# The only types a record may hold: a record names its type, and a name must not be trusted.
KNOWN: dict[str, type[Reference]] = {
    each.__name__: each
    for each in (
        references.DatasetRef,
        references.PreparedRef,
        references.FeatureMask,
        references.NetworkRef,
        references.Bundles,
        references.Baseline,
        results.RowTrace,
    )
}


class ReferenceSerializer(Serializer):  # without [Reference]: subscripting would register it
    """Writes references as JSON; reads one only if every file it stands on is intact.

    Prefect takes an unreadable record for a cache miss, so the stage runs again.
    """

    type: Literal["slipstream-reference"] = "slipstream-reference"

    def dumps(self, obj: Reference) -> bytes:
        """Write a reference."""
        return json.dumps({"type": type(obj).__name__, "value": obj.model_dump_json()}).encode()

    def loads(self, blob: bytes) -> Reference:
        """Read a reference, and check the files it stands on."""
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


def cached(
    name: str, module: str, source: Callable[[dict[str, Any]], str | None] | None = None
) -> dict[str, Any]:
    """Options of a cached stage's task.

    Args:
        name: the stage's name.
        module: the task's module, whose code and libraries are in the key.
        source: what the key must hold besides the arguments; None from it means "do not cache".
    """

    def key(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
        outside = source(arguments) if source else ""
        if outside is None:
            return None
        parts = {
            "code": code_digest(module),
            "versions": library_versions(module),
            "arguments": {each: _digestible(value) for each, value in arguments.items()},
            "outside": outside,
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        record = RESULTS / f"{name}-{digest}"
        if record.exists():
            record.touch()  # used today: `clean` goes by it
        return record.name

    return {
        "name": name,
        "task_run_name": name,
        "cache_policy": CacheKeyFnPolicy(cache_key_fn=key),
        "persist_result": True,
        "result_storage": RESULTS,
        "result_serializer": ReferenceSerializer(),
    }


def measured(name: str) -> dict[str, Any]:
    """Options of a task that measures, decides or writes: it is never cached."""
    return {
        "name": name,
        "task_run_name": name,
        "cache_policy": NO_CACHE,
        "persist_result": False,
    }


class StageTrace:
    """Runs stages in order, and keeps a line of each: was it cached, how long, what came out."""

    def __init__(self) -> None:
        self.lines: list[Stage] = []

    def __call__(self, stage: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage; its errors pass through."""
        start = time.perf_counter()
        state = stage(*args, return_state=True, **kwargs)
        result: R = state.result()
        line = Stage(
            stage=stage.name,
            cached=state.name == "Cached",
            seconds=time.perf_counter() - start,
            shape=result.shape,
        )
        self.lines.append(line)
        logger.info("%s: %s%s", line.stage, line.shape, " (cached)" if line.cached else "")
        return result


def one_message(record: logging.LogRecord) -> bool:
    """A log filter: a user's mistake is one message, without the traceback of our code."""
    if "Failed to serialize object of type 'InputError'" in record.getMessage():
        return False  # Prefect would keep the exception as a result; nobody reads it
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SlipstreamError):
        record.msg, record.args = str(error), ()
        record.exc_info = record.exc_text = None
    return True


for _name in ("prefect.task_runs", "prefect.flow_runs"):
    logging.getLogger(_name).addFilter(one_message)


def _digestible(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
