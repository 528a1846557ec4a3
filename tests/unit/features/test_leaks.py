"""Copies of the answer are left out, whatever they are written as; strong columns are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from slipstream.artifacts.references import ColumnSchema
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.ingestion import ingest
from slipstream.features.leaks import find_leaks, of_numbers
from slipstream.features.preprocessing import load_columns, preprocess

RANDOM = np.random.default_rng(4)
N = 600
YES = (RANDOM.random(N) < 0.3).astype(np.int64)
CLASSES = ("no", "yes")
NONE = np.nan
LATE = np.where(RANDOM.random(N) < 0.01, 1 - YES, YES)  # 1 % were updated late


def kind_of(values: pd.Series) -> str:
    return "numeric" if pd.api.types.is_numeric_dtype(values) else "categorical"


def leaks_of(
    columns: dict[str, object], target: np.ndarray = YES, classes: tuple[str, ...] = CLASSES
) -> dict[str, tuple[bool, str]]:
    """Whether each column that knows the answer is a copy, and how it was seen."""
    rows = pd.DataFrame(columns)
    schemas = [ColumnSchema(name=name, kind=kind_of(rows[name])) for name in rows]
    found = find_leaks(schemas, rows, target, classes, "binary")
    return {leak.name: (leak.is_copy, leak.reason) for leak in found}


def words(*choices: str) -> Callable[[np.ndarray], np.ndarray]:
    """Words for each label, taken in turn."""
    half = len(choices) // 2
    return lambda y: np.array(
        [choices[label * half + row % half] for row, label in enumerate(y)], dtype=object
    )


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (YES.astype(float), "its value alone gives the answer in 100.00 %"),
        (1.0 - YES, "its value alone"),
        (words("stays", "leaves")(YES), "its value alone"),
        (words("a", "b", "c", "d")(YES), "its value alone"),
        (np.where(YES, RANDOM.normal(9, 1, N), RANDOM.normal(-9, 1, N)), "its value alone"),
        (np.where(YES, RANDOM.uniform(0.9, 1, N), RANDOM.uniform(0, 0.1, N)), "its value alone"),
        (np.abs(np.where(YES, RANDOM.normal(9, 1, N), RANDOM.normal(0, 1, N))), "its value alone"),
        (np.where(YES, RANDOM.lognormal(size=N), NONE), "it is empty exactly where .* 'no'"),
        (np.where(YES, NONE, RANDOM.normal(size=N)), "it has a value exactly where .* 'no'"),
        (np.where(YES, "2025-01", None), "it is empty exactly where the answer is 'no'"),
        (np.where(LATE, RANDOM.lognormal(size=N), NONE), "it is empty almost exactly where"),
        (np.where(YES, RANDOM.lognormal(size=N), 0.0), "it is 0 exactly where the answer is 'no'"),
        (np.where(LATE, 0.0, RANDOM.normal(size=N)), "it is not 0 almost exactly where .* 'no'"),
    ],
)
def test_a_copy_of_the_answer_is_seen(column: np.ndarray, reason: str) -> None:
    """As a flag, turned round, in other words, as ranges, or by being empty or 0 just there."""
    found = leaks_of({"leak": column, "other": RANDOM.normal(size=N)})
    assert set(found) == {"leak"}
    is_copy, seen = found["leak"]
    assert is_copy
    assert pd.Series([seen]).str.contains(reason).all(), seen


@pytest.mark.parametrize(
    "column",
    [
        YES + RANDOM.normal(scale=0.35, size=N),  # AUC 0.98
        np.where(RANDOM.random(N) < 0.03, 1 - YES, YES).astype(float),
        np.where(RANDOM.random(N) < 0.5, RANDOM.normal(size=N), NONE),
        np.where(RANDOM.random(N) < 0.9, 0.0, RANDOM.normal(size=N)),
        RANDOM.integers(0, 300, N).astype(str).astype(object),
        RANDOM.integers(0, 599, N).astype(float),
    ],
)
def test_a_strong_or_a_noisy_column_is_no_copy(column: np.ndarray) -> None:
    """What errs as honest columns do stays, as do noise, many categories and rare values."""
    assert not any(is_copy for is_copy, _ in leaks_of({"strong": column}).values())


def test_what_is_nearly_a_copy_is_named_and_stays() -> None:
    """A flag that is wrong in 1 % of the rows is worth a look."""
    doubtful = np.where(np.arange(N) % 80 == 0, 1 - YES, YES).astype(float)
    is_copy, reason = leaks_of({"doubtful": doubtful})["doubtful"]
    assert not is_copy
    assert reason.startswith("alone, it gives the answer in 98.")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_honest_tables_are_left_alone(name: str) -> None:
    """No column of the sets that scikit-learn ships is taken for a copy."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    classes = tuple(map(str, bunch.target_names))
    columns = {each: bunch.data[each].to_numpy() for each in bunch.data}
    assert leaks_of(columns, bunch.target.to_numpy(), classes) == {}


def test_few_rows_prove_no_copy() -> None:
    """A small table in which an amount happens to part the labels keeps it."""
    target = np.repeat([0, 1], 30)
    assert leaks_of({"petal": np.arange(60) * 0.1}, target) == {}


def test_one_of_several_labels_can_be_known() -> None:
    """Of three labels, a column that is empty for one is seen, and so are words for all."""
    target = RANDOM.integers(0, 3, N)
    found = leaks_of(
        {
            "refund": np.where(target == 2, RANDOM.normal(size=N), NONE),
            "stage": np.array(["x", "y", "z"], dtype=object)[target],
            "honest": target + RANDOM.normal(size=N),
        },
        target,
        ("a", "b", "c"),
    )
    assert found["refund"] == (True, "it has a value exactly where the answer is 'c'")
    assert found["stage"][0]
    assert "honest" not in found


PRICE = RANDOM.lognormal(5, 0.7, N)


@pytest.mark.parametrize(
    ("column", "is_copy"),
    [
        (100 * PRICE, True),
        (1.19 * PRICE + 4.9, True),
        (-PRICE, True),
        (np.log(PRICE), True),
        (np.round(PRICE), True),
        (np.where(np.arange(N) % 5, PRICE, NONE), True),
        (PRICE * RANDOM.normal(1, 0.05, N), False),
        (np.round(PRICE, -2), None),
        (PRICE * RANDOM.lognormal(0, 0.3, N), None),
        (RANDOM.normal(size=N), None),
        (np.round(PRICE, -1).astype(str).astype(object), None),
        (np.digitize(PRICE, np.quantile(PRICE, np.arange(1, 20) / 20)).astype(str), False),
    ],
)
def test_a_number_to_predict_is_known_by_its_order(
    column: np.ndarray, is_copy: bool | None
) -> None:
    """Another unit, a tax, a sign, a logarithm or a rounding make a copy; noise does not."""
    values = pd.Series(column)
    found = of_numbers(ColumnSchema(name="x", kind=kind_of(values)), values, PRICE, ())
    assert (found and found[1]) == is_copy


def prepared_of(path: Path, store: Store, **data: object) -> tuple[list[str], tuple[str, ...]]:
    """The columns after preprocessing, and its warnings."""
    pd.DataFrame(
        {
            "x": RANDOM.normal(size=N),
            "score": YES + RANDOM.random(N) / 2,
            "y": np.take(CLASSES, YES),
        }
    ).to_csv(path, index=False)
    dataset = ingest(DataConfig(path=str(path), target="y", **data), store)
    prepared = preprocess(dataset, "piecewise", 24, store)
    return [column.name for column in load_columns(prepared, store)], prepared.warnings


def test_a_copy_is_left_out_unless_it_is_kept(store: Store, tmp_path: Path) -> None:
    """No later stage sees a copy; `data.keep` keeps it, and where nothing is left, it stays."""
    path = tmp_path / "rows.csv"
    left, warnings = prepared_of(path, store)
    assert left == ["x"]
    assert "'score' is left out as a copy of the answer" in warnings[0]
    assert prepared_of(path, store, keep=["score"]) == (["x", "score"], ())
    alone, warnings = prepared_of(path, store, drop=["x"])
    assert alone == ["score"]
    assert "'score' may know the answer" in warnings[0]


def test_a_date_can_be_a_copy() -> None:
    """A date that is there only for one label, or is later for it, gives the answer away."""
    when = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(RANDOM.integers(0, 9000, N), "h"))
    rows = pd.DataFrame(
        {
            "cancelled": when.where(YES == 1),
            "changed": when + pd.to_timedelta(YES * 20_000, "h"),
            "honest": when,
        }
    )
    schemas = [ColumnSchema(name=name, kind="numeric") for name in rows]
    found = {leak.name: leak.is_copy for leak in find_leaks(schemas, rows, YES, CLASSES, "binary")}
    assert found == {"cancelled": True, "changed": True}
    priced = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(PRICE, "h"))
    assert of_numbers(schemas[0], priced, PRICE, ())
