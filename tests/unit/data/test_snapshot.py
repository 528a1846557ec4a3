from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipstream.artifacts.references import PARTS
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.ingestion import ingest
from slipstream.data.snapshot import PART, TARGET, Snapshot
from tests.conftest import Trained


def written(trained: Trained) -> pd.DataFrame:
    """The whole file, read without the door."""
    return pq.read_table(trained.store.path(trained.dataset.table)).to_pandas()


def test_a_part_has_the_rows_that_belong_to_it(mixed: Trained) -> None:
    """Rows keep their order and types; features and target are of the same rows."""
    whole = written(mixed)
    snapshot = Snapshot(mixed.dataset, mixed.store)
    for index, part in enumerate(PARTS):
        expected = whole[whole[PART] == index].drop(columns=PART).reset_index(drop=True)
        pd.testing.assert_frame_equal(snapshot.frame(part), expected)
        pd.testing.assert_frame_equal(snapshot.rows(part), expected.drop(columns=TARGET))
        pd.testing.assert_series_equal(snapshot.target(part), expected[TARGET])


def test_all_rows_are_read_where_no_part_is_named(mixed: Trained) -> None:
    """Without a part, features and columns that are asked for by name are those of every row."""
    whole = written(mixed)
    snapshot = Snapshot(mixed.dataset, mixed.store)
    pd.testing.assert_frame_equal(snapshot.rows(), whole.drop(columns=[TARGET, PART]))
    pd.testing.assert_frame_equal(snapshot.frame(columns=[PART, "age"]), whole[[PART, "age"]])


def test_batches_are_the_frame_in_pieces(store: Store, tmp_path: Path) -> None:
    """A table of many rows comes in several batches, which joined are the frame."""
    count = 300_000
    path = tmp_path / "long.parquet"
    pq.write_table(
        pa.table({"a": [index % 1000 / 2 for index in range(count)], "y": [0, 1] * (count // 2)}),
        path,
    )
    snapshot = Snapshot(ingest(DataConfig(path=str(path), target="y"), store), store)
    batches = list(snapshot.batches("train"))
    assert len(batches) > 1
    pd.testing.assert_frame_equal(
        pa.Table.from_batches(batches).to_pandas(), snapshot.frame("train")
    )


def test_names_are_only_names(store: Store, tmp_path: Path) -> None:
    """A name that a library could read as a path into a column is a column of its own."""
    path = tmp_path / "dots.csv"
    cells = (f"{row % 7},{row % 5},{row % 3},{row % 11},{row % 2}" for row in range(60))
    path.write_text("\n".join(["a,a.b,.a,[0],y", *cells]))
    snapshot = Snapshot(ingest(DataConfig(path=str(path), target="y"), store), store)
    assert list(snapshot.rows("test").columns) == ["a", "a.b", ".a", "[0]"]
    assert snapshot.frame(columns=[".a"])[".a"].max() == 2
