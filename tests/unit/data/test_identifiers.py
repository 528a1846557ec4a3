"""Columns that identify rows are left out; amounts, years and places are not."""

import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.config.parsing import parse_config
from slipstream.data.identifiers import group_hint, why_identifier
from slipstream.data.ingestion import ingest
from slipstream.data.schema import infer
from slipstream.runtime import InputError

RANDOM = np.random.default_rng(7)
N = 900
SCATTERED = np.sort(RANDOM.choice(100_000, N, replace=False))
DOUBLED = np.r_[SCATTERED[:-2], SCATTERED[:2]]
HOLES = [None if row % 90 == 3 else float(value) for row, value in enumerate(SCATTERED)]
WORDS = pa.array(["x", "y", "z"] * (N // 3))


def left_out(name: str, values: object) -> str:
    """Why the column is left out; empty if it is not."""
    found = infer(pa.table({name: pa.array(values), "word": WORDS[: len(values)]}))
    return "\n".join(found.warnings)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Unnamed: 0", np.arange(N)),
        ("Unnamed: 0", SCATTERED),
        ("Unnamed: 0", SCATTERED.astype(float)),
        ("Unnamed: 0", np.arange(N) % 150),  # six parts, each counted from 0
        ("Unnamed: 7", RANDOM.permutation(SCATTERED)),
        ("__index_level_0__", np.r_[SCATTERED[::2], SCATTERED[1::2]]),
        ("index", RANDOM.permutation(SCATTERED)),
        ("level_0", RANDOM.permutation(SCATTERED)),
        ("rownum", RANDOM.permutation(SCATTERED)),
        ("Row ID", RANDOM.permutation(SCATTERED)),
        ("CustomerID", RANDOM.permutation(SCATTERED)),
        ("customerId", RANDOM.permutation(SCATTERED).astype(str)),
        ("customerid", RANDOM.permutation(DOUBLED)),
        ("cust_no", RANDOM.permutation(SCATTERED).astype(float)),
        ("id", HOLES),
        ("ID_client", DOUBLED),
        ("order_id", [f"{value}.0" for value in RANDOM.permutation(SCATTERED)]),
        ("client", [f"C{value:06d}" for value in SCATTERED]),
        ("client_id", [f"C{value % 500:06d}" for value in range(N)]),
        ("guid", [str(uuid.UUID(int=int(each) * 2**90)) for each in SCATTERED]),
        ("who", [f"{each % 600}@example.org" for each in range(N)]),
        ("digest", [f"{each % 700:032x}" for each in range(N)]),
        ("key", [2**60 + int(each) for each in SCATTERED]),
        ("anything", RANDOM.permutation(N) + 5000),
        ("anything", np.r_[RANDOM.permutation(N - 1), 5]),  # one row twice
        ("anything", np.r_[np.arange(0, N, 2), np.arange(1, N, 2)] * 2 + 1),
        ("anything", np.cumsum(RANDOM.integers(1, 60, N))),
        ("anything", np.arange(N) * 1000),
    ],
)
def test_a_column_that_identifies_rows_is_left_out(name: str, values: object) -> None:
    """By its name or by its values, of any type, with gaps, holes or a doubled row."""
    assert f"column {name!r} is left out: " in left_out(name, values)
    assert "(data.keep keeps it)" in left_out(name, values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("salary", RANDOM.permutation(SCATTERED) + 20_000),
        ("salary", RANDOM.choice(np.arange(20_000, 120_000), N, replace=False)),
        ("income", RANDOM.lognormal(10, 0.5, N)),
        ("price_cents", RANDOM.integers(100, 10_000, N)),
        ("spend", np.round(RANDOM.normal(1000, 300, N), 2)),
        ("sorted_spend", np.sort(RANDOM.lognormal(10, 0.5, N))),
        ("calls", [3, 1, 4, 1, 5, 9, 2, 6]),
        ("year", np.arange(1950, 2010)),
        ("built", RANDOM.integers(1900, 2020, N)),
        ("zip", RANDOM.choice(np.arange(10_000, 99_000), N)),
        ("zip_code", RANDOM.choice(np.arange(10_000, 12_000), N)),
        ("index", RANDOM.integers(0, 100, N)),
        ("store_id", RANDOM.integers(0, 59, N)),
        ("number_of_calls", RANDOM.permutation(SCATTERED)),
        ("paid", RANDOM.permutation(SCATTERED)),
        ("grid", RANDOM.permutation(SCATTERED)),
        ("thyroid", RANDOM.permutation(SCATTERED)),
        ("id", [1, 2, 3] * (N // 3)),
        ("Unnamed: 3", ["left", "right", "up"] * (N // 3)),
    ],
)
def test_numbers_that_describe_rows_stay(name: str, values: object) -> None:
    """Amounts that all differ, years, places and small codes are not identifiers."""
    assert left_out(name, values) == ""


def test_a_kept_identifier_is_a_feature_and_moves_no_row(store: Store, tmp_path: object) -> None:
    """`data.keep` keeps it, text as a category, and the split is the same as without."""
    names = [f"C{value:06d}" for value in SCATTERED]
    path = tmp_path / "rows.csv"
    rows = zip(names, RANDOM.normal(size=N), WORDS.to_pylist(), strict=True)
    lines = [f"{name},{x},{'yes' if word == 'x' else 'no'}" for name, x, word in rows]
    path.write_text("\n".join(["CustomerID,x,y", *lines]))
    data = DataConfig(path=str(path), target="y")
    without, kept = (
        ingest(data.model_copy(update=keep), store) for keep in ({}, {"keep": ["CustomerID"]})
    )
    assert [column.name for column in without.columns] == ["x"]
    assert {column.name: column.kind for column in kept.columns} == {
        "CustomerID": "categorical",
        "x": "numeric",
    }
    assert kept.rows == without.rows
    assert kept.split == without.split


@pytest.mark.parametrize(
    ("keep", "fault"),
    [(["aeg"], "did you mean 'age'"), (["label"], r"data\.keep must not name the target")],
)
def test_keep_names_columns(mixed_csv: object, store: Store, keep: list, fault: str) -> None:
    """An unknown name is met with the nearest one; the target is not a column to keep."""
    with pytest.raises(InputError, match=fault):
        ingest(DataConfig(path=str(mixed_csv), target="label", keep=keep), store)


def test_keep_and_drop_do_not_meet() -> None:
    """A column that is both kept and dropped is a mistake of the config."""
    with pytest.raises(InputError, match="keep must not name what drop names, however: 'a'"):
        parse_config({"data": {"keep": ["a", "b"], "drop": ["a"]}})


def test_times_are_no_identifiers() -> None:
    """A column of instants, all different and in the order of the file, says when."""
    when = pd.Series(pd.date_range("2025-01-01", periods=N, freq="h"))
    assert why_identifier("when", pa.array(when), when) == ""


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [("customer_id", 100, True), ("shop_id", 5, False), ("visits", 100, False)],
)
def test_identifiers_that_repeat_may_be_groups(name: str, count: int, said: bool) -> None:
    """A few rows of each customer belong together; a shop with many rows is a feature."""
    values = pd.Series([float(row % count) for row in range(300)])
    assert bool(group_hint(name, values)) == said
