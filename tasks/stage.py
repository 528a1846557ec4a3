"""Options of the stages' tasks: which are cached, by what key, and where their results lie."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.context import TaskRunContext

from slipstream.checkout import home_path
from slipstream.fingerprint import code_digest, library_versions
from tasks.records import ReferenceSerializer

__all__ = ["IO_SECONDS", "cached", "measured"]

# A server, a file system or a lock that does not answer by then never will.
IO_SECONDS = 1800

RESULTS = home_path() / "results"


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


def _digestible(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
