"""The stage trace: what a flow runs its stages with."""

import logging
import time
from typing import ParamSpec, TypeVar

from prefect import Task

from slipstream.references import Reference
from slipstream.results import Stage

__all__ = ["StageTrace"]

P = ParamSpec("P")
R = TypeVar("R", bound=Reference)

logger = logging.getLogger("slipstream")


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
