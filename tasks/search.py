"""Search: the number of columns and the hidden layers are found, if they are not given."""

from typing import Any

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef, FeatureMask, PreparedRef, TeacherRef
from slipstream.config.budget import BudgetConfig
from slipstream.config.search import SearchConfig
from slipstream.measurement.machine import cpu
from slipstream.search.found import Found
from tasks.support.stage import cached


def _machine(_: dict[str, Any]) -> str:
    """Latency is measured once on a machine."""
    return cpu()


@task(**cached("search", source=_machine))
def search(
    dataset: DatasetRef,
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    mask: FeatureMask,
    most: int,
    settings: SearchConfig,
    budget: BudgetConfig,
) -> Found:
    """Measure shapes, train them for a short time, and choose one."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream.search import search as library
    from slipstream.search.shapes import Asked

    asked = Asked(settings, budget, most)
    return library.search(dataset, prepared, teacher, mask, asked, open_store())
