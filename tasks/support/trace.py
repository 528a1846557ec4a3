"""The stage trace: what a flow runs its stages with."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from prefect import Task

from slipstream.artifacts.values import Reference
from slipstream.config.optimize import OptimizeConfig
from slipstream.reporting.record import Stage

__all__ = ["StageTrace"]

P = ParamSpec("P")
R = TypeVar("R", bound=Reference | None)

logger = logging.getLogger("slipstream.stages")  # the terminal shows its lines as they come


class StageTrace:
    """Runs stages in order, logs each, and keeps what they did and warned of.

    `lines` has for each stage if it was cached, how long it took, and its result. `warnings` are
    those of the config, those that a result carries, which a cached result does too, and those
    that a stage logged itself.
    """

    def __init__(self, config: OptimizeConfig) -> None:
        self.lines: list[Stage] = []
        self.warnings: list[str] = []
        self._warn(config.warnings)

    def __call__(self, stage: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage; its errors pass through."""
        start = time.perf_counter()
        with _logged_warnings() as logged:
            state = stage(*args, return_state=True, **kwargs)
            result: R = state.result()
        line = Stage(
            stage=stage.name,
            cached=state.name == "Cached",
            seconds=time.perf_counter() - start,
            shape=getattr(result, "shape", "none"),
        )
        logger.info("%s: %s, %s", line.stage, line.shape, _duration(line))
        self.lines.append(line)
        self.warnings += logged
        self._warn(getattr(result, "warnings", ()))
        return result

    def _warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            logger.warning("%s", warning)
        self.warnings += warnings


@contextmanager
def _logged_warnings() -> Iterator[list[str]]:
    """Collect what Slipstream's code warns of while a block runs; other handlers stay."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    library = logging.getLogger("slipstream")
    library.addHandler(handler)
    try:
        yield messages
    finally:
        library.removeHandler(handler)


def _duration(line: Stage) -> str:
    return "cached" if line.cached else f"{line.seconds:.1f} s"
