from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import PARTS, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.ingestion import ingest
from slipstream.data.snapshot import PART, Snapshot
from slipstream.data.splitting import check_parts, hash_rows, hashed_columns, split
from slipstream.runtime import InputError
from tests.conftest import Trained


def table(count: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    words = random.choice(["x", "y", "7", None], count)
    return pa.table({"a": random.normal(size=count), "b": pa.array(words, pa.string())})


def parts_of(rows: pa.Table, data: DataConfig | None = None, **left_out: str) -> list[int]:
    hashed = hashed_columns(rows, left_out.values())
    return split(hash_rows(rows, hashed), data or DataConfig()).tolist()


@given(st.integers(0, 2**63 - 1), st.randoms(use_true_random=False))
def test_a_row_keeps_its_part(seed: int, random: object) -> None:
    """Order, added rows and the order of columns do not move a row to another part."""
    data = DataConfig(seed=seed)
    rows = table(60)
    parts = parts_of(rows, data)
    order = list(range(60))
    random.shuffle(order)
    assert parts_of(rows.take(order), data) == [parts[index] for index in order]
    grown = pa.concat_tables([rows, table(40, seed=1)])
    assert parts_of(grown, data)[:60] == parts
    assert parts_of(rows.select(["b", "a"]), data) == parts


def test_a_row_keeps_its_part_when_its_columns_change_their_kind() -> None:
    """A new row that makes a column text, or no longer constant or empty, moves no other row."""
    numbers = pa.table({"a": ["1", "2.0", "3"], "b": ["5", "5", "5"], "c": ["", "", ""]})
    odd = pa.table({"a": ["many"], "b": ["6"], "c": ["now"]})
    assert parts_of(pa.concat_tables([numbers, odd]))[:3] == parts_of(numbers)
    typed = pa.table({"a": [1, 2, 3], "b": [5.0, 5.0, 5.0], "c": pa.nulls(3)})
    assert parts_of(typed) == parts_of(numbers)
    assert hashed_columns(typed, []) == hashed_columns(numbers, [])
    truth = pa.table({"a": pa.array([True, False, None] * 20)})
    written = pa.table({"a": ["True", "false", ""] * 20})
    assert parts_of(truth) == parts_of(written)


WRITTEN = {
    "currency": lambda price, day: (f"${price:,.2f}", day.isoformat()),
    "decimal comma": lambda price, day: (f"{price:.2f}".replace(".", ","), f"{day:%d.%m.%Y}"),
    "French": lambda price, day: (f"{price:,.2f}".replace(",", " ").replace(".", ","), str(day)),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_same_table_has_the_same_split_however_it_is_written(
    store: Store, tmp_path: Path, written: str
) -> None:
    """Numbers and dates are hashed by what they mean, and the rule says how they were read."""
    random = np.random.default_rng(2)
    prices = np.round(random.lognormal(8, 1, 200), 2).tolist()
    days = [date(2025, 1, 1) + timedelta(int(each)) for each in random.integers(0, 365, 200)]
    labels = random.choice(["no", "yes"], 200)

    def ingested(price: list[Any], day: list[Any]) -> DatasetRef:
        path = tmp_path / "rows.parquet"
        pq.write_table(pa.table({"price": price, "day": day, "label": labels}), path)
        return ingest(DataConfig(path=str(path), target="label"), store)

    typed = ingested(prices, days)
    pairs = [WRITTEN[written](price, day) for price, day in zip(prices, days, strict=True)]
    text = ingested(*map(list, zip(*pairs, strict=True)))
    assert (
        Snapshot(text, store)
        .frame(columns=["price", PART])
        .equals(Snapshot(typed, store).frame(columns=["price", PART]))
    )
    sign = "point" if written == "currency" else "comma"
    assert f"price (numbers with a decimal {sign})" in text.split.columns


def test_a_snapshot_says_what_splits_it(store: Store, tmp_path: Path) -> None:
    """A new column counts; a dropped one does not, nor an identifier, even if a row is doubled."""
    rows = table(60).append_column("label", pa.array(["x", "y"] * 30))
    rows = rows.append_column("number", pa.array(range(60)))
    path = tmp_path / "rows.parquet"

    def columns_of(rows: pa.Table, *drop: str) -> tuple[str, ...] | None:
        pq.write_table(rows, path)
        data = DataConfig(path=str(path), target="label", drop=list(drop), seed=3)
        return ingest(data, store).split.columns

    assert columns_of(rows) == ("a", "b")
    assert columns_of(rows, "b") == ("a",)
    assert columns_of(pa.concat_tables([rows, rows.slice(0, 1)])) == ("a", "b")
    assert columns_of(rows.append_column("Z", pa.array([1.5] * 60))) == ("Z", "a", "b")


def test_the_names_of_a_very_wide_table_fit_into_a_tag(store: Store, tmp_path: Path) -> None:
    """Hundreds of long names are recorded by their digest, which still tells two lists apart."""
    path = tmp_path / "wide.parquet"

    def columns_of(width: int) -> str:
        random = np.random.default_rng(0)
        names = [f"the_expression_of_gene_{number}".ljust(200, "_") for number in range(width)]
        columns = {name: random.normal(size=60) for name in names}
        pq.write_table(pa.table({**columns, "label": ["x", "y"] * 30}), path)
        dataset = ingest(DataConfig(path=str(path), target="label"), store)
        return dataset.split.model_dump_json()

    split = columns_of(400)
    assert len(split) < 500
    assert split != columns_of(401)


def test_duplicates_are_on_one_side() -> None:
    """Exact duplicates always share a part, whatever an identifier says of them."""
    rows = table(50)
    twice = pa.concat_tables([rows, rows]).append_column("id", pa.array(range(100)))
    parts = parts_of(twice, identifier="id")
    assert parts[:50] == parts[50:]
    assert parts_of(twice)[:50] != parts_of(twice)[50:]


def test_shares_are_as_asked_and_seeds_differ() -> None:
    """Parts have the asked size within chance, and another seed splits otherwise."""
    rows = table(20_000)
    parts = np.array(parts_of(rows, DataConfig(test_fraction=0.3, validation_fraction=0.1)))
    shares = [(parts == PARTS.index(part)).mean() for part in ("train", "validation", "test")]
    np.testing.assert_allclose(shares, [0.6, 0.1, 0.3], atol=0.015)
    data = DataConfig(test_fraction=0.3, validation_fraction=0.1, seed=1)
    agreement = sum(share**2 for share in shares)  # what independence would give
    assert (parts == np.array(parts_of(rows, data))).mean() == pytest.approx(agreement, abs=0.02)


def test_a_part_without_a_class_is_refused() -> None:
    """A part that has only one class is named, with the class it lacks."""
    with pytest.raises(InputError, match=r"the test part \(2 rows\) has none of 'yes'"):
        check_parts(
            np.array([0, 0, 1, 1, 2, 2], np.int8),
            np.array([0, 1, 0, 1, 0, 0], np.int8),
            ("no", "yes"),
        )


def test_a_snapshot_is_complete(mixed: Trained) -> None:
    """The parts together are the table; warnings name what was left out; the target is 0 and 1."""
    dataset = mixed.dataset
    assert sum(dataset.rows.values()) == 600
    assert [column.name for column in dataset.columns] == ["age", "city", "income", "member"]
    assert any("'id'" in warning for warning in dataset.warnings)
    assert any("'empty'" in warning for warning in dataset.warnings)
    snapshot = Snapshot(dataset, mixed.store)
    for part in PARTS:
        rows, target = snapshot.rows(part), snapshot.target(part)
        assert len(rows) == len(target) == dataset.rows[part]
        assert set(target) == {0, 1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"target": "lable"}, "did you mean 'label'"),
        ({"drop": ["aeg"]}, "no 'aeg'"),
        ({"drop": ["label"]}, "must not name the target"),
        ({"drop": ["age", "city", "income", "member", "id", "empty"]}, "none is usable"),
    ],
)
def test_bad_requests_are_refused(
    mixed_csv: object, store: Store, change: dict, expected: str
) -> None:
    """A wrong target or drop list is refused before anything is stored."""
    data = DataConfig(**{"path": str(mixed_csv), "target": "label", **change})
    with pytest.raises(InputError, match=expected):
        ingest(data, store)
    assert not store.folder.exists()
