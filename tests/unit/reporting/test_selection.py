"""The path of elimination: what each number of columns scores, and what it costs."""

from pathlib import Path

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import FeatureScore, PathStep
from slipstream.reporting.selection import MOST_ROWS, path_figure, path_rows

COLUMNS = 60


def mask() -> FeatureMask:
    """Of 60 columns, 7 are kept."""
    names = [f"c{place}" for place in range(COLUMNS)]
    scores = tuple(FeatureScore(name=name, score=1, kept=False) for name in names)
    path = tuple(
        PathStep(k=k, dropped=tuple(names[k : k + 1]), loss=0, score=0.9, lost=0, error=0)
        for k in range(COLUMNS, 0, -1)
    )
    return FeatureMask(method="elimination", scores=scores, rows=9, path=path, measure="AUC").at(7)


def test_each_row_of_the_path_has_its_latency() -> None:
    """The rows are those that were measured, the fewest columns first."""
    rows = path_rows(mask(), {60: 9.0, 1: 0.2, 7: 0.345})
    assert [(row[0], row[-1]) for row in rows] == [
        ("1", "0.200 µs"),
        ("7 (kept)", "0.345 µs"),
        ("60", "9.00 µs"),
    ]


def test_a_path_without_a_search_has_no_latency() -> None:
    """The table is as short, and says that nothing was measured."""
    rows = path_rows(mask(), {})
    assert 3 < len(rows) <= MOST_ROWS + 2
    assert {row[-1] for row in rows} == {"not measured"}
    (axes,) = path_figure(mask(), {}).axes
    assert axes.get_xlabel() == "columns that the network sees"


def test_the_figure_of_the_path_has_scores_and_latency(tmp_path: Path) -> None:
    """One above the other, on one axis of columns; both mark what is kept."""
    figure = path_figure(mask(), {60: 9.0, 1: 0.2, 7: 0.345})
    figure.savefig(tmp_path / "path.png")
    scores, times = figure.axes
    assert "µs" in times.get_ylabel()
    assert times.lines[0].get_xydata().tolist() == [[1, 0.2], [7, 0.345], [60, 9.0]]
    assert scores.get_xlim() == times.get_xlim()
    assert [each.lines[-1].get_xdata() for each in (scores, times)] == [[7, 7], [7, 7]]
