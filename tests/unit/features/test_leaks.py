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
from slipstream.features.alone import Answers
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
    columns: dict[str, object],
    target: np.ndarray = YES,
    classes: tuple[str, ...] = CLASSES,
    weights: np.ndarray | None = None,
) -> dict[str, tuple[bool, str]]:
    """Whether each column that knows the answer is a copy, and how it was seen."""
    rows = pd.DataFrame(columns)
    schemas = [ColumnSchema(name=name, kind=kind_of(rows[name])) for name in rows]
    answers = Answers(target, np.ones(len(target)) if weights is None else weights, classes)
    found = find_leaks(schemas, rows, answers, "binary")
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


MANY = 3000
RARE = (RANDOM.random(MANY) < 0.04).astype(np.int64)
OFTEN = (RANDOM.random(MANY) < 0.25).astype(np.int64)
SHOPS = RANDOM.integers(0, 120, MANY)
SHOP_CHURNS = RANDOM.random(120) < 0.4
BY_SHOP = SHOP_CHURNS[SHOPS].astype(np.int64)


def flipped(target: np.ndarray, share: float) -> np.ndarray:
    """Labels of which a share is wrong."""
    return np.where(RANDOM.random(len(target)) < share, 1 - target, target)


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (flipped(OFTEN, 0.02).astype(float), OFTEN),
        (np.take(["a", "b"], flipped(OFTEN, 0.02)).astype(object), OFTEN),
        (flipped(OFTEN, 0.02) * 50 + RANDOM.random(MANY), OFTEN),
        (OFTEN + RANDOM.normal(scale=0.22, size=MANY), OFTEN),  # AUC 0.999
        (flipped(RARE, 0.02).astype(float), RARE),
        (RARE + RANDOM.normal(scale=0.22, size=MANY), RARE),
        (np.where(flipped(RARE, 0.01), RANDOM.normal(size=MANY), NONE), RARE),
        (SHOPS.astype(float), flipped(BY_SHOP, 0.015)),
    ],
)
def test_a_column_that_nearly_always_agrees_is_named(
    column: np.ndarray, target: np.ndarray
) -> None:
    """Wrong in 2 % of the rows, or of an AUC of 0.999, however rare the label is."""
    is_copy, reason = leaks_of({"doubtful": column}, target)["doubtful"]
    assert not is_copy
    assert reason.startswith("alone, it")


@pytest.mark.parametrize("rows", [300, 600, MANY])
@pytest.mark.parametrize("kind", [str, float])
def test_values_that_each_give_the_answer_away_are_named(rows: int, kind: type) -> None:
    """120 categories or codes of one label each, also where a value has only two or three rows."""
    column = SHOPS[:rows].astype(kind)
    column = column.astype(object) if kind is str else column
    assert set(leaks_of({"shop": column}, BY_SHOP[:rows])) == {"shop"}


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (flipped(OFTEN, 0.06).astype(float), OFTEN),
        (OFTEN + RANDOM.normal(scale=0.35, size=MANY), OFTEN),  # AUC 0.98
        (RARE + RANDOM.normal(scale=0.35, size=MANY), RARE),
        (flipped(RARE, 0.06).astype(float), RARE),
        (SHOPS.astype(str).astype(object), flipped(BY_SHOP, 0.06)),
        (SHOPS.astype(str).astype(object), RARE),
        (RANDOM.integers(0, 1500, MANY).astype(str).astype(object), RARE),
        (RANDOM.integers(0, 1500, MANY).astype(float), OFTEN),
    ],
)
def test_a_strong_honest_column_raises_no_suspicion(column: np.ndarray, target: np.ndarray) -> None:
    """What is wrong in 6 % of the rows, an AUC of 0.98, many categories of noise."""
    assert leaks_of({"honest": column}, target) == {}


def test_rows_count_by_their_weights() -> None:
    """A column that is right wherever rows count is a copy, and wrong there it is not."""
    known = np.arange(N) < N // 2
    column = np.where(known, YES, 1 - YES).astype(float) + RANDOM.random(N) / 2
    columns = {"half": column, "empty": np.where(np.where(known, YES, 1 - YES), column, NONE)}
    assert leaks_of(columns) == {}
    found = leaks_of(columns, weights=np.where(known, 2.0, 0.0))
    assert {name: is_copy for name, (is_copy, _) in found.items()} == {"half": True, "empty": True}
    assert set(leaks_of(columns, weights=np.where(known, 2.0, 0.01))) == {"half", "empty"}
    assert leaks_of(columns, weights=np.where(known, 0.5, 1.5)) == {}


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
PRICES = Answers(PRICE, np.ones(N))


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
        (np.round(PRICE, -1).astype(str).astype(object), False),
        (np.digitize(PRICE, np.quantile(PRICE, np.arange(1, 20) / 20)).astype(str), False),
    ],
)
def test_a_number_to_predict_is_known_by_its_order(
    column: np.ndarray, is_copy: bool | None
) -> None:
    """Another unit, a tax, a sign, a logarithm or a rounding make a copy; noise does not."""
    values = pd.Series(column)
    found = of_numbers(ColumnSchema(name="x", kind=kind_of(values)), values, PRICES)
    assert (found and found[1]) == is_copy


SHELF = RANDOM.integers(0, 120, N)


@pytest.mark.parametrize(
    ("column", "target", "is_named"),
    [
        (np.where(RANDOM.random(N) < 0.03, RANDOM.permutation(PRICE), PRICE), PRICE, True),
        (-np.where(RANDOM.random(N) < 0.03, RANDOM.permutation(PRICE), PRICE), PRICE, True),
        (SHELF.astype(str).astype(object), PRICE[SHELF], True),
        (SHELF.astype(float), PRICE[SHELF], True),
        (SHELF.astype(str).astype(object), PRICE, False),
        (SHELF.astype(str).astype(object), PRICE[SHELF] * RANDOM.lognormal(0, 0.3, N), False),
        (PRICE * RANDOM.lognormal(0, 0.15, N), PRICE, False),
        (np.where(RANDOM.random(N) < 0.99, 0.0, 1.0), np.where(SHELF < 119, 0.0, PRICE), False),
    ],
)
def test_a_number_that_is_nearly_always_known_is_named(
    column: np.ndarray, target: np.ndarray, is_named: bool
) -> None:
    """The answer itself in 97 % of the rows, or categories and codes that each have one answer."""
    values = pd.Series(column)
    schema = ColumnSchema(name="x", kind=kind_of(values))
    found = of_numbers(schema, values, Answers(target, np.ones(N)))
    assert (found is not None) == is_named
    assert found is None or not found[1]


def test_the_order_is_that_of_rows_that_count() -> None:
    """Of numbers, too, rows of little weight hardly matter."""
    counts = np.arange(N) < N // 2
    values = pd.Series(np.where(counts, PRICE, RANDOM.permutation(PRICE)))
    schema = ColumnSchema(name="x", kind="numeric")
    assert of_numbers(schema, values, PRICES) is None
    assert of_numbers(schema, values, Answers(PRICE, np.where(counts, 2.0, 1e-6)))


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
    answers = Answers(YES, np.ones(N), CLASSES)
    found = {leak.name: leak.is_copy for leak in find_leaks(schemas, rows, answers, "binary")}
    assert found == {"cancelled": True, "changed": True}
    priced = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(PRICE, "h"))
    assert of_numbers(schemas[0], priced, PRICES)
