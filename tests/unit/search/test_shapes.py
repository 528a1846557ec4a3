"""What a search measures without training."""

import pytest

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import PathStep
from slipstream.config.budget import BudgetConfig
from slipstream.config.search import SearchConfig
from slipstream.search import shapes
from slipstream.search.candidates import Candidate
from slipstream.search.shapes import Asked, Blank, measure_shapes, p50_us_of_k
from tests.conftest import Trained


@pytest.fixture(name="path")
def _path(demo: Trained) -> tuple[PathStep, ...]:
    """From all columns of the demo down to one, the last one first."""
    names = [each.name for each in demo.mask.scores]
    return tuple(
        PathStep(k=k, dropped=tuple(names[k : k + 1]), loss=0, score=0, lost=0, error=0)
        for k in range(len(names), 0, -1)
    )


@pytest.fixture(name="blank")
def _blank(demo: Trained, path: tuple[PathStep, ...], monkeypatch: pytest.MonkeyPatch) -> Blank:
    monkeypatch.setattr(shapes, "SECONDS", 0.05)
    monkeypatch.setattr(shapes, "PATH_SECONDS", 0.05)
    mask: FeatureMask = demo.mask.model_copy(update={"path": path})
    return Blank.of(demo.dataset, demo.prepared, mask, demo.store)


def test_columns_are_in_the_order_in_which_they_are_kept(
    demo: Trained, path: tuple[PathStep, ...], blank: Blank
) -> None:
    """The first k columns are those that the path keeps at k."""
    mask = demo.mask.model_copy(update={"path": path})
    for step in path:
        names = {column.name for column in blank.own.columns[: step.k]}
        assert names == set(mask.at(step.k).features)


@pytest.mark.parametrize("most", [3, 20])
def test_the_latency_of_a_path_is_measured_all_over_it(
    path: tuple[PathStep, ...], blank: Blank, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ends, the chosen number, and no more numbers than are shown."""
    monkeypatch.setattr(shapes, "MOST_SHOWN", most)
    found = p50_us_of_k(blank, path, Candidate(2, (16, 16)))
    assert {1, 2, len(path)} <= set(found)
    assert len(found) <= min(len(path), most + 1)
    assert min(found.values()) > 0


def test_without_a_path_there_is_no_latency_of_it(blank: Blank) -> None:
    """Columns that were scored one by one have no order to be left out in."""
    assert p50_us_of_k(blank, (), Candidate(2, (16, 16))) == {}


@pytest.mark.parametrize("budget", [BudgetConfig(), BudgetConfig(p99_us=1)])
def test_a_budget_has_smaller_shapes_measured(
    path: tuple[PathStep, ...], blank: Blank, budget: BudgetConfig
) -> None:
    """Without one, only the sizes asked for; with one, down to a column, and none above."""
    found = measure_shapes(blank, path, [3, 2], Asked(SearchConfig(mode="width"), budget, 0))
    assert {shape.k for shape in found.variants} == ({1, 2, 3} if budget.p99_us else {2, 3})
