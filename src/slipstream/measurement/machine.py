"""The machine on which figures were measured."""

import platform
from pathlib import Path

from slipstream.artifacts.values import Value
from slipstream.measurement.harness import WARM_UP_CALLS
from slipstream.measurement.timing import timer_us
from slipstream.runtime import backend, instruction_set

__all__ = ["Machine", "cpu", "this_machine"]


class Machine(Value):
    """Where the figures were measured, and how.

    `instruction_sets` is what the CPU has, `instruction_set` the one that the compiled backend ran.
    """

    cpu: str
    instruction_sets: tuple[str, ...]
    backend: str
    instruction_set: str | None
    threads: int
    timer_us: float
    warm_up_calls: int
    calls: int
    cold_calls: int
    distinct_rows: int

    @property
    def runs(self) -> str:
        """What ran: the backend, and its instruction set where there are several."""
        return f"{self.backend} ({self.instruction_set})" if self.instruction_set else self.backend


INSTRUCTION_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "asimd", "asimddp", "i8mm")


def cpu() -> str:
    """The name of the CPU."""
    return _cpu()[0]


def this_machine(*, calls: int, cold_calls: int, distinct_rows: int) -> Machine:
    """The CPU, what it can do, and what runs on it."""
    name, flags = _cpu()
    return Machine(
        cpu=name,
        instruction_sets=tuple(name for name in INSTRUCTION_SETS if name in flags),
        backend=backend,
        instruction_set=instruction_set,
        threads=1,
        timer_us=timer_us(),
        warm_up_calls=WARM_UP_CALLS,
        calls=calls,
        cold_calls=cold_calls,
        distinct_rows=distinct_rows,
    )


def _cpu() -> tuple[str, set[str]]:
    """The name of the CPU, and what it can do."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = value.strip()
        elif key.strip() in ("flags", "Features"):
            flags |= set(value.split())
    return name, flags
