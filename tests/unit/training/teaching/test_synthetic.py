import numpy as np
import pytest

from slipstream.training.batches import Standard
from slipstream.training.teaching import synthetic
from slipstream.training.teaching.synthetic import nearest, rows_to_make, synthesise
from slipstream.training.teaching.table import Table

ROWS = 300


@pytest.fixture
def table() -> Table:
    """A number with gaps, a category, and a date with two parts that both follow from it."""
    random = np.random.default_rng(0)
    date = random.random(ROWS)
    number = np.where(random.random(ROWS) < 0.1, np.nan, random.random(ROWS))
    code = random.integers(0, 40, ROWS)
    cells = np.column_stack([number, code, date, date / 2, date / 4]).astype(np.float32)
    return Table(
        names=("number", "code", "date", "date, day ", "date, month "),
        owners=(0, 1, 2, 2, 2),
        cells=cells,
        categorical=(1,),
        target=random.random(ROWS),
        weights=None,
        task="regression",
        outputs=1,
        quantiles=(),
        standard=Standard(),
    )


def test_the_parts_of_a_date_stay_together(table: Table) -> None:
    """No synthetic row has the month of one date and the day of another."""
    cells, _ = synthesise(table, 0)
    assert (cells[:, 3] == cells[:, 2] / 2).all()
    assert (cells[:, 4] == cells[:, 2] / 4).all()


def test_about_a_third_of_the_cells_are_swapped_and_no_value_is_new(table: Table) -> None:
    """Cells come from the column's own rows, missing ones too; most stay as they were."""
    cells, sources = synthesise(table, 0)
    assert len(cells) == synthetic.MOST_COPIES * ROWS
    assert set(cells[:, 1]) <= set(table.cells[:, 1])
    assert np.isnan(cells[:, 0]).any()
    swapped = cells[:, 2] != table.cells[sources, 2]
    assert 0.25 < swapped.mean() < 0.4


def test_a_seed_gives_the_same_rows_and_another_others(table: Table) -> None:
    """Synthetic rows follow from the seed."""
    first, again, other = (synthesise(table, seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_the_nearest_rows_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one leaf they are the nearest of all; in several, near; and never the row itself."""
    points = np.random.default_rng(0).integers(0, 100, (400, 3)).astype(np.float32)
    distances = np.square(points[:, None] - points[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    best = np.sort(distances, axis=1)[:, :8]
    found = nearest(points, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(np.take_along_axis(distances, found, 1), axis=1), best)
    monkeypatch.setattr(synthetic, "LEAF_ROWS", 100)
    divided = nearest(points, np.random.default_rng(1))
    taken = np.take_along_axis(distances, divided, 1)
    assert np.isfinite(taken).all()
    assert taken.mean() < distances[np.isfinite(distances)].mean() / 3


@pytest.mark.parametrize(("rows", "made"), [(1, 1), (2, 1), (5, 4)])
def test_few_rows_have_few_neighbours(rows: int, made: int) -> None:
    """A table of one row is its own neighbour."""
    assert nearest(np.eye(rows, dtype=np.float32), np.random.default_rng(0)).shape == (rows, made)


@pytest.mark.parametrize(
    ("rows", "numbers", "made"),
    [
        (1_000, 10, 5_000),
        (30_000, 14, 80_000),
        (235_000, 20, 235_000),
        (1_000_000, 1_000, 33_554),
    ],
)
def test_synthetic_rows_are_bounded(rows: int, numbers: int, made: int) -> None:
    """Five copies of few rows, one of many, and fewer where that would not fit into memory."""
    assert rows_to_make(rows, numbers) == made
