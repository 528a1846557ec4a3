from pathlib import Path

import pytest

from slipstream.artifacts.references import DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.ingestion import ingest
from slipstream.data.snapshot import Snapshot
from slipstream.runtime import InputError

COUNTRIES = ["NA", "DE", "FR", "n/a"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    rows = [
        f"{COUNTRIES[row % 4]},{'NA' if row % 5 == 0 else row % 41},{row % 7},{'yn'[row % 2]}"
        for row in range(400)
    ]
    path.write_text("\n".join(["country,spend,level,target", *rows]))
    return path


def read(path: Path, folder: Path, **options: object) -> tuple[DatasetRef, Snapshot]:
    store = Store(folder / "store")
    dataset = ingest(DataConfig(path=str(path), **options), store)  # type: ignore[arg-type]
    return dataset, Snapshot(dataset, store)


def test_namibia_is_a_country(table: Path, tmp_path: Path) -> None:
    """`!NA` makes NA a category, and leaves it missing among numbers; the model is to know."""
    dataset, snapshot = read(table, tmp_path, missing=["!NA", "FR"])
    rows = snapshot.rows()
    assert set(rows["country"].dropna()) == {"NA", "DE"}
    assert rows["spend"].isna().sum() == 80
    assert "NA" not in dataset.missing_markers
    assert "FR" in dataset.missing_markers


def test_types_reach_the_snapshot(table: Path, tmp_path: Path) -> None:
    """A number that is a category is text; what is ignored decides no row's part."""
    dataset, snapshot = read(table, tmp_path, types={"level": "category", "spend": "ignore"})
    assert {each.name: each.kind for each in dataset.columns} == {
        "country": "categorical",
        "level": "categorical",
    }
    assert set(snapshot.rows()["level"]) == set("0123456")
    assert dataset.split.columns == ("country", "level")


def test_a_misspelt_column_is_suggested(table: Path, tmp_path: Path) -> None:
    """A name in `data.types` must be there, and not be the target."""
    with pytest.raises(InputError, match=r"data.types must name columns.*mean 'level'\?"):
        read(table, tmp_path, types={"levl": "category"})
    with pytest.raises(InputError, match=r"data.types must not name the target"):
        read(table, tmp_path, types={"target": "category"})
