"""Options of the stages' tasks: which are cached, by what key, and where their results are kept."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.context import TaskRunContext

from slipstream.artifacts.fingerprint import code_digest, library_versions
from slipstream.artifacts.home import home_path
from tasks.support.records import ReferenceSerializer

__all__ = ["COMPUTING", "IO_SECONDS", "cached", "measured", "stage_code"]

# A server, a file system or a lock that does not answer by then never will.
IO_SECONDS = 1800

RESULTS = home_path() / "results"


# What computes a stage's result: its key holds these modules, all that they import, and the task's
# own file. What stores, shows, tracks, serves or decides is in no key.
COMPUTING = {
    "ingest": ("slipstream.data.ingestion",),
    "preprocess": ("slipstream.features.preprocessing",),
    "teach": ("slipstream.training.teaching.teacher",),
    "select": ("slipstream.search.elimination",),
    "search": ("slipstream.search.search", "slipstream.measurement.machine"),
    "train": ("slipstream.training.fitting",),
    "quantize": ("slipstream.quantization.variants", "slipstream.evaluation.int8_loss"),
    "predict": ("slipstream.evaluation.row_trace",),
    "baseline": ("slipstream.evaluation.baseline",),
}


def stage_code(stage: str) -> str:
    """SHA-256 of the code that a cached stage's result depends on."""
    return code_digest(f"tasks.{stage}", *COMPUTING[stage])


def cached(
    stage: str, source: Callable[[dict[str, Any]], str | None] | None = None
) -> dict[str, Any]:
    """Options of a cached stage's task.

    Args:
        stage: the stage's name, as in COMPUTING.
        source: what else the key must hold, from the arguments; None means "do not cache".
    """

    def key(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
        outside = source(arguments) if source else ""
        if outside is None:
            return None
        parts = {
            "code": stage_code(stage),
            "versions": library_versions(*COMPUTING[stage]),
            "arguments": {each: _digestible(value) for each, value in arguments.items()},
            "outside": outside,
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        record = RESULTS / f"{stage}-{digest}"
        if record.exists():
            record.touch()  # it counts as used today, for `clean`
        return record.name

    return {
        "name": stage,
        "task_run_name": stage,
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


def _digestible(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
