"""Splits by time, by group and by a column; labels that are too rare for chance."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.artifacts.references import PARTS, DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.config.parsing import parse_config
from slipstream.data.ingestion import ingest
from slipstream.data.instants import instants
from slipstream.data.parts import Assigned, Rows, assign, by_time
from slipstream.data.snapshot import PART, TARGET, Snapshot
from slipstream.data.splitting import check_parts, hash_rows
from slipstream.data.target import Target
from slipstream.evaluation.scoring import SCORING
from slipstream.lifecycle.promotion import check_split
from slipstream.runtime import InputError, load_file
from tests.conftest import train_on

TRAIN, VALIDATION, TEST = range(3)


def assigned(table: pa.Table, labels: list[int] | None = None, **data: object) -> Assigned:
    """The parts of a table's rows, whose hashes are of all columns."""
    numbers = np.array(labels if labels is not None else [0] * table.num_rows)
    target = Target(numbers, ("no", "yes"), "binary")
    hashes = hash_rows(table, table.column_names)
    return assign(Rows(table, target, hashes, ("x",)), DataConfig(**data))


def ingested(frame: pd.DataFrame, path: Path, store: Store, **data: object) -> DatasetRef:
    frame.to_parquet(path / "rows.parquet")
    return ingest(DataConfig(path=str(path / "rows.parquet"), target="y", **data), store)


def changing(count: int = 1500, start: str = "2025-01-01") -> pd.DataFrame:
    """A table whose rule turns round slowly: of old rows nothing follows for the newest."""
    random = np.random.default_rng(3)
    x, z = random.normal(size=(2, count))
    age = np.arange(count) / count
    y = (x * (1 - 2 * age) + 0.2 * z + 0.1 * random.normal(size=count) > 0).astype(int)
    when = pd.date_range(start, periods=count, freq="h")
    return pd.DataFrame({"when": when, "x": x, "z": z, "y": y}).sample(frac=1, random_state=1)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=200), st.randoms(use_true_random=False))
def test_by_time_the_latest_are_for_the_test(moments: list[int], random: object) -> None:
    """Parts follow each other, none is empty, an instant is in one, and order is nothing."""
    if len(set(moments)) < 3:
        with pytest.raises(InputError, match="three different times"):
            by_time(np.array(moments), 0.2, 0.2)
        return
    times = np.array(moments)
    parts = by_time(times, 0.2, 0.2)
    old, middle, new = (times[parts == part] for part in range(3))
    assert old.max() < middle.min()
    assert middle.max() < new.min()
    order = list(range(len(times)))
    random.shuffle(order)
    assert by_time(times[order], 0.2, 0.2).tolist() == parts[order].tolist()


def test_by_time_the_shares_are_as_asked() -> None:
    """With many instants, the parts have the asked sizes."""
    parts = by_time(np.random.default_rng(0).permutation(1000), 0.2, 0.1)
    assert np.bincount(parts).tolist() == [700, 100, 200]


DAY = datetime.date(2025, 3, 4)


@pytest.mark.parametrize(
    "values",
    [
        [DAY + datetime.timedelta(days=day) for day in range(4)],
        [datetime.datetime(2025, 3, 4, hour) for hour in range(4)],
        [datetime.datetime(2025, 3, 4, hour, tzinfo=datetime.UTC) for hour in range(4)],
        ["2025-03-04", "2025-03-05T00:00:00Z", "2025-03-06 10:00", "2025-03-07T00:00:00+02:00"],
        [1999, 2000, 2001, 2002],
        [1.5, 2.0, 1e9, 1e18],
        ["8", "9", "10", "11"],
        [2**60, 2**60 + 1, 2**60 + 2, 2**60 + 3],
    ],
)
def test_times_of_many_kinds_are_put_in_order(values: list) -> None:
    """Dates, times with and without a zone, ISO text, years, epochs and numbers as text."""
    found, _ = instants("t", pa.chunked_array([values]))
    assert (np.diff(found) > np.zeros(1, np.diff(found).dtype)).all()


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["soon", "later", "now"], "must name a column of dates, times or numbers, however: 't'"),
        ([True, False, True], "must name a column of dates"),
        (
            ["2025-01-01", "", "2025-01-02"],
            r"1 rows have none in column 't' \(the first is row 2\)",
        ),
        ([1.0, 2.0, None], "must have a time to be split by"),
        (["2025-01-01", "unknown"] * 20, "20 rows have none"),
        (["2025-01-01", "9999-12-31"] * 20, "20 rows have none"),
        (["01022024", "02012024", "13012024"], "however: 't' holds others .*zeros in front"),
    ],
)
def test_rows_without_a_time_are_refused(values: list, fault: str) -> None:
    """No row is put on a side at random where time decides."""
    with pytest.raises(InputError, match=fault):
        instants("t", pa.chunked_array([values]))


def test_how_a_time_is_read_is_said(store: Store, tmp_path: Path) -> None:
    """Amounts and dates are read as in other columns, `data.types` counts, and a guess is said."""
    dates = pa.chunked_array([["01/02/2025", "02/03/2025", "03/01/2025"]])
    _, notes = instants("t", dates)
    assert "column 't': its dates fit more than one order" in notes[0]
    amounts, _ = instants("t", pa.chunked_array([["1,050", "2,000", "10,400"]]))
    assert amounts.tolist() == [1050, 2000, 10400]
    epochs = pa.chunked_array([[1.7e9, 1.8e9]])
    assert instants("t", epochs, "datetime")[0].dtype.kind == "M"
    frame = changing().assign(when=lambda rows: rows["when"].dt.strftime("%d/%m/%Y"))
    dataset = ingested(frame, tmp_path, store, split="time", time="when")
    assert any("with the day first" in warning for warning in dataset.warnings)


def test_groups_that_make_parts_uneven_are_said() -> None:
    """One group with most rows is on one side; two groups cannot make three parts."""
    table = pa.table({"x": range(100), "who": ["big"] * 90 + list("abcdefghij")})
    (note,) = assigned(table, split="group", group="who").warnings
    assert "because rows of one group stay together" in note
    few = pa.table({"x": range(100), "who": ["a", "b"] * 50})
    with pytest.raises(InputError, match="three different groups or more, however: 'who' has 2"):
        assigned(few, split="group", group="who")


def test_a_group_that_is_called_unknown_is_said() -> None:
    """Its rows are on one side, although they may belong to anybody."""
    names = [("unknown", f"C{row % 40}")[row % 3 > 0] for row in range(300)]
    table = pa.table({"x": range(300), "who": names})
    notes = assigned(table, split="group", group="who").warnings
    assert any("100 rows of 'unknown' are taken for one group" in note for note in notes)
    by = {"split": "group", "group": "who", "missing": ["unknown"]}
    assert "100 rows have no group" in assigned(table, **by).warnings[0]


def test_the_column_of_the_split_is_no_feature_unless_it_is_kept(
    store: Store, tmp_path: Path
) -> None:
    """The trend of the training period says nothing of later rows; `data.keep` keeps it."""
    frame = changing().assign(year=lambda rows: rows["when"].dt.month)
    by = {"split": "time", "time": "year", "drop": ["when"]}
    dataset = ingested(frame, tmp_path, store, **by)
    assert [column.name for column in dataset.columns] == ["x", "z"]
    assert any("column 'year' is left out: rows are split by it" in w for w in dataset.warnings)
    kept = ingested(frame, tmp_path, store, keep=["year"], **by)
    assert [column.name for column in kept.columns] == ["x", "z", "year"]


def test_a_rule_that_changes_scores_worse_by_time(store: Store, tmp_path: Path) -> None:
    """A random split lets a model see the future, and looks better than the time split."""
    changing().to_csv(tmp_path / "rows.csv", index=False)

    def auc(**data: object) -> float:
        path = str(tmp_path / "rows.csv")
        config = {"data": {"path": path, "target": "y", **data}, "training": {"epochs": 5}}
        run = train_on(parse_config(config), store)
        rows = Snapshot(run.dataset, store)
        answers = load_file(store.path(run.bundles.float32.file)).predict(rows.rows("test"))
        target = rows.target("test").to_numpy()
        return SCORING[run.dataset.task].quality(target, answers)["test_auc"]

    by_chance = auc(drop=["when"])
    assert auc(split="time", time="when") < by_chance - 0.1


def test_five_nights_never_test_a_champion_on_its_training_rows(
    store: Store, tmp_path: Path
) -> None:
    """Each night's test begins after all that the champions before it were fitted on."""
    frame = changing(1200)
    when = frame["when"].min() + pd.Timedelta(hours=999)
    fitted: list[set[int]] = []
    champions: list[SplitRule] = []
    begins = []
    for night in range(5):
        known = frame[frame["when"] <= when + pd.Timedelta(hours=24 * night)]
        dataset = ingested(known, tmp_path, store, split="time", time="when")
        rows = Snapshot(dataset, store).frame(columns=["x", "z", TARGET, PART])
        hashes = pd.util.hash_pandas_object(rows[["x", "z", TARGET]], index=False)
        tested = rows[PART] == PARTS.index("test")
        for champion, seen in zip(champions, fitted, strict=True):
            assert check_split(champion, dataset.split) == ()
            assert not seen & set(hashes[tested])
        champions.append(SplitRule.model_validate_json(dataset.split.model_dump_json()))
        fitted.append(set(hashes[~tested]))
        begins.append(dataset.split.tested_from)
    assert begins == sorted(set(begins))


def test_what_a_split_by_time_compares(store: Store, tmp_path: Path) -> None:
    """Fractions and seed may change, because times are compared; rule and column may not."""
    frame = changing(600)
    by = {"split": "time", "time": "when"}
    champion = ingested(frame, tmp_path, store, **by).split
    larger = ingested(frame, tmp_path, store, test_fraction=0.3, **by).split
    assert check_split(champion, larger) == ()
    assert check_split(champion, ingested(frame, tmp_path, store, seed=7, **by).split) == ()
    with pytest.raises(InputError, match=r"data\.split was time and is random"):
        check_split(champion, ingested(frame, tmp_path, store).split)
    renamed = champion.model_copy(update={"column": "day"})
    with pytest.raises(InputError, match=r"data\.time was day and is when"):
        check_split(renamed, champion)
    numbered = champion.model_copy(update={"fitted_until": 7})
    with pytest.raises(InputError, match="it held numbers and holds dates"):
        check_split(numbered, champion)


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_no_group_is_on_two_sides(seed: int, shuffled: object) -> None:
    """Whatever the rows, a group is in one part, also when rows are added or reordered."""
    random = np.random.default_rng(seed)
    count = int(random.integers(5, 200))
    groups = [0, 1, 2, *random.integers(0, max(3, count // 4), count - 3).tolist()]
    if seed % 2:
        groups = [f"C{group}" for group in groups]
    table = pa.table({"x": random.normal(size=count), "who": groups})
    by = {"split": "group", "group": "who", "seed": seed % 1000}
    parts = assigned(table, **by).parts
    assert pd.Series(parts).groupby(pd.Series(groups)).nunique().max() == 1
    order = list(range(count))
    shuffled.shuffle(order)
    assert assigned(table.take(order), **by).parts.tolist() == parts[order].tolist()
    grown = pa.concat_tables([table, table.slice(0, 3)])
    assert assigned(grown, **by).parts[:count].tolist() == parts.tolist()


@pytest.mark.parametrize("other", ["C {}", "c {} ", "c  {}", "\uff43 {}"])
def test_a_group_is_one_in_every_spelling(other: str) -> None:
    """Names that differ in case, blanks or width only are one group, on one side."""
    numbers = [row // 2 for row in range(400)]
    names = [(other if row % 2 else "c {}").format(row // 2) for row in range(400)]
    table = pa.table({"x": np.arange(400) / 7, "who": names})
    parts = assigned(table, split="group", group="who").parts
    assert pd.Series(parts).groupby(pd.Series(numbers)).nunique().max() == 1


def test_a_group_is_its_value_and_a_row_without_one_is_a_group(
    store: Store, tmp_path: Path
) -> None:
    """7, 7.0 and "7" are one customer; rows without a customer are split one by one."""
    by = {"split": "group", "group": "who"}
    values = [
        pa.array([7, 8, 9] * 20),
        pa.array([7.0, 8.0, 9.0] * 20),
        pa.array(["7", "8", "9"] * 20),
    ]
    x = np.arange(60.0)
    parts = [assigned(pa.table({"x": x, "who": each}), **by).parts.tolist() for each in values]
    assert parts[0] == parts[1] == parts[2]
    nobody = assigned(pa.table({"x": x, "who": pa.array([None, "a"] * 30)}), **by)
    assert len(set(nobody.parts[::2])) == 3
    assert len(set(nobody.parts[1::2])) == 1
    assert "30 rows have no group" in nobody.warnings[0]
    frame = changing(900).assign(who=lambda rows: [f"C{each % 90}" for each in range(len(rows))])
    dataset = ingested(frame, tmp_path, store, **by)
    assert "who" not in [column.name for column in dataset.columns]
    assert any("column 'who' is left out" in each for each in dataset.warnings)


def test_a_column_says_which_part_a_row_is_in() -> None:
    """In any case and under the usual words."""
    said = ["Train", "training", "VAL", "valid", "validation", "dev", "test", "Testing "]
    table = pa.table({"x": range(8), "part": said})
    parts = assigned(table, split="column", split_column="part")
    assert parts.parts.tolist() == [0, 0, 1, 1, 1, 1, 2, 2]
    assert parts.warnings == ()


def test_validation_is_taken_from_training_where_the_column_names_none() -> None:
    """Part of the training rows are taken, the test rows are as said, and the run says so."""
    said = ["train"] * 800 + ["test"] * 200
    table = pa.table({"x": range(1000), "part": said})
    found = assigned(table, split="column", split_column="part")
    assert (found.parts[800:] == TEST).all()
    taken = (found.parts == VALIDATION).sum()
    assert 150 < taken < 250
    assert f"{taken} of its training rows are taken" in found.warnings[0]


@pytest.mark.parametrize("odd", ["maybe", "", None, "3"])
def test_a_column_that_says_something_else_is_refused(odd: str | None) -> None:
    """Each row must say one of the three, and the first that does not is named."""
    table = pa.table({"x": range(3), "part": ["train", odd, "test"]})
    with pytest.raises(InputError, match=r"1 rows of 'part' .*the first is row 2"):
        assigned(table, split="column", split_column="part")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"split": "time"}, "time must be given where split is time"),
        ({"time": "day"}, "time must be given where split is time, and only there"),
        ({"split": "group", "time": "day"}, "split is group"),
        ({"split": "column"}, "split_column must be given where split is column"),
        ({"split": "column", "split_column": "p", "keep": ["p"]}, "must not name the split column"),
        ({"split": "weekday"}, "'random', 'time', 'group' or 'column'"),
    ],
)
def test_a_split_names_its_column_and_no_other(data: dict, fault: str) -> None:
    """A forgotten column, or one that would have no effect, is refused before the run."""
    with pytest.raises(InputError, match=fault):
        parse_config({"data": data})


def test_a_column_of_the_split_must_be_there(mixed_csv: Path, store: Store) -> None:
    """A misspelt name is met with the nearest one; the target cannot split."""
    data = DataConfig(path=str(mixed_csv), target="label", split="group", group="citi")
    with pytest.raises(InputError, match=r"data\.group must name columns.*did you mean 'city'"):
        ingest(data, store)
    with pytest.raises(InputError, match=r"data\.time must not name the target"):
        ingest(data.model_copy(update={"split": "time", "time": "label"}), store)


@given(st.integers(3, 12), st.integers(0, 50), st.randoms(use_true_random=False))
def test_a_rare_label_is_in_every_part(rare: int, seed: int, random: object) -> None:
    """Whatever the order of rows, and the common label's rows stay where chance puts them."""
    count = 300
    table = pa.table({"x": np.random.default_rng(seed).normal(size=count)})
    labels = np.array([1] * rare + [0] * (count - rare))
    found = assigned(table, labels.tolist(), seed=seed)
    assert set(found.parts[:rare]) == {TRAIN, VALIDATION, TEST}
    order = list(range(count))
    random.shuffle(order)
    again = assigned(table.take(order), labels[order].tolist(), seed=seed)
    assert again.parts.tolist() == found.parts[order].tolist()
    chance = assigned(table, seed=seed).parts
    assert (found.parts[rare:] == chance[rare:]).all()
    if found.warnings:
        assert "rows of 'yes' are so few" in found.warnings[0]
        assert found.rule.dealt == ("yes",)
    else:
        assert (found.parts == chance).all()


def test_of_many_labels_the_rarest_are_for_training() -> None:
    """A label of one or two rows cannot be in every part: training has it, the test need not."""
    table = pa.table({"x": range(300)})
    numbers = np.array([0, 1, 1] + [2, 3, 4] * 99)
    target = Target(numbers, ("a", "b", "c", "d", "e"), "multiclass")
    rows = Rows(table, target, hash_rows(table, ["x"]), ("x",))
    for seed in range(20):
        found = assign(rows, DataConfig(seed=seed))
        assert not found.parts[:3].any()
        check_parts(found.parts, numbers, target.classes)


def test_a_part_without_rows_is_refused() -> None:
    """Two groups cannot fill three parts, whatever is predicted."""
    with pytest.raises(InputError, match=r"must have rows, however: the validation part has none"):
        check_parts(np.array([0, 0, 2, 2], np.int8), np.array([1.5, 2.5, 3.5, 4.5]), ())


def test_a_champion_of_dealt_rows_is_compared_with_a_warning() -> None:
    """Rare rows may move when such rows are added, which the comparison says."""
    rule = SplitRule(seed=0, test_fraction=0.2, validation_fraction=0.2, columns=("x",))
    (warning,) = check_split(rule.model_copy(update={"dealt": ("yes",)}), rule)
    assert "rows of 'yes' are so few" in warning


def test_rules_of_earlier_versions_are_read() -> None:
    """A tag that was written before there were other splits is that of a random one."""
    tag = '{"seed":0,"test_fraction":0.2,"validation_fraction":0.2,"columns":["a"]}'
    assert SplitRule.model_validate_json(tag).mode == "random"
