"""Clean: remove stored results that no run has used lately."""

import time
from dataclasses import dataclass
from pathlib import Path

from slipstream.artifacts.home import home

__all__ = ["Removed", "clean"]

SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Removed:
    """How much was removed."""

    files: int
    size_bytes: int


def clean(keep_days: float) -> Removed:
    """Remove the files of the store, and the cache records, not used for `keep_days` days.

    A record that goes while its file stays, or the other way round, costs a later run the stage's
    time and nothing else.
    """
    limit = time.time() - keep_days * SECONDS_A_DAY
    places = (home() / "store").glob("*/*"), (home() / "results").glob("*")
    old = [each for place in places for each in place if _is_unused(each, limit)]
    size_bytes = sum(path.stat().st_size for path in old)
    for path in old:
        path.unlink(missing_ok=True)
    return Removed(files=len(old), size_bytes=size_bytes)


def _is_unused(path: Path, limit: float) -> bool:
    return path.is_file() and path.stat().st_mtime < limit
