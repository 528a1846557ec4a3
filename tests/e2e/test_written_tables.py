"""Tables as people write them: each is read as what it says."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from slipstream.artifacts.home import root
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import Snapshot
from slipstream.runtime import load_file
from tests.conftest import Trained, train_on
from tests.e2e.written_tables import VARIANTS, Variant, customers

TABLES = root().parent / "shared" / "data" / "cases"


def auc(trained: Trained) -> float:
    """How well int8 ranks the test rows."""
    snapshot = Snapshot(trained.dataset, trained.store)
    model = load_file(trained.store.path(trained.bundles.int8.file))
    return roc_auc_score(snapshot.target("test"), model.predict(snapshot.rows("test")))


def warnings(trained: Trained) -> tuple[str, ...]:
    """All that was said of the table."""
    stages = (trained.dataset, trained.prepared, trained.mask, trained.network)
    return tuple(warning for stage in stages for warning in stage.warnings)


def check(trained: Trained, expected: "Variant | Case") -> None:
    """Check what columns were read as, what is left out and said, and how good the model is."""
    kinds = {column.name: column.kind for column in trained.dataset.columns}
    assert {name: kinds.get(name) for name in expected.kinds} == expected.kinds
    assert not {*expected.out} & {*trained.mask.features}
    said = " | ".join(warnings(trained))
    assert all(text in said for text in expected.says), said
    assert expected.least <= auc(trained) <= expected.most


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_way_a_table_is_written_does_not_matter(
    variant: Variant, store: Store, tmp_path: Path
) -> None:
    """It is read as what it says, the model is as good as the plain table's, and notes say why."""
    path = variant.write(customers(), tmp_path)
    data = {"path": str(path), "target": "churned", **variant.data}
    trained = train_on(parse_config({"data": data}), store)
    check(trained, variant)


@dataclass(frozen=True)
class Case:
    """What is to become of a table from practice: as in `Variant`."""

    says: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    out: tuple[str, ...] = ()
    least: float = 0.88
    most: float = 0.955


NUMERIC, DIGITS = {"spend": "numeric"}, {"grade": "categorical", "spend": "numeric"}
CASES = {
    "clean.csv": Case(kinds=NUMERIC),
    "decimal_comma.csv": Case(("decimal comma",), NUMERIC),
    "currency_percent.csv": Case(("'spend'", "'discount'"), {**NUMERIC, "discount": "numeric"}),
    "five_percent_unknown.csv": Case(("'unknown'",), NUMERIC, least=0.87),
    "mysql_null_dash.csv": Case(("'spend'", "'-'"), NUMERIC, least=0.87),
    "leading_zero_zip.csv": Case(("zeros in front",), {"zip": "categorical"}, most=0.96),
    "dates_text.csv": Case(("'signup' is a date",), {"signup": "datetime"}, least=0.89),
    "pandas_index.csv": Case(("'Unnamed: 0' is left out",), NUMERIC, ("Unnamed: 0",)),
    "unnamed0_gaps.csv": Case(("'Unnamed: 0' is left out",), NUMERIC, ("Unnamed: 0",)),
    "comment_lines.csv": Case(("2 comment lines",), NUMERIC),
    "excel_blank_rows.csv": Case(("20 empty rows",), NUMERIC),
    "trailing_delimiter_rows.csv": Case(("delimiter at the end of each row",), NUMERIC),
    "index_level_0.parquet": Case(("'__index_level_0__' is left out",), out=("__index_level_0__",)),
    "int_category.parquet": Case(kinds={"store": "categorical"}, most=0.98),
    "missing_labels.csv": Case(("3 of 900",), NUMERIC),
    "rare_class.csv": Case(("'yes'",), least=0, most=1),
    "leak_copy.csv": Case(("'churn_flag' is left out as a copy",), out=("churn_flag",)),
    "mixed.csv": Case(kinds=DIGITS),
    "parts_dict_and_string": Case(kinds={"plan": "categorical"}),
    "mac_folder": Case(kinds=NUMERIC),
}


@pytest.mark.skipif(not TABLES.is_dir(), reason=f"no tables from practice in {TABLES}")
@pytest.mark.parametrize("name", CASES)
def test_tables_from_practice(name: str, store: Store) -> None:
    """Each is read as its owner means it, and what was left out, converted or guessed is said."""
    case = CASES[name]
    config = parse_config({"data": {"path": str(TABLES / name), "target": "churned"}})
    trained = train_on(config, store)
    check(trained, case)


@pytest.mark.skipif(not TABLES.is_dir(), reason=f"no tables from practice in {TABLES}")
def test_places_are_told_apart_by_zeros_in_front(store: Store) -> None:
    """02134 and 2134 are two places, and the model knows which is which."""
    path = str(TABLES / "leading_zero_zip.csv")
    trained = train_on(parse_config({"data": {"path": path, "target": "churned"}}), store)
    snapshot = Snapshot(trained.dataset, store)
    rows, labels = snapshot.rows("test"), snapshot.target("test").to_numpy()
    model = load_file(store.path(trained.bundles.int8.file))
    assert ((model.predict(rows) >= 0.5) == labels).mean() >= 0.94
    assert model.predict_one({**rows.iloc[0], "zip": "02134"}) != model.predict_one(
        {**rows.iloc[0], "zip": "2134"}
    )


@pytest.mark.skipif(not TABLES.is_dir(), reason=f"no tables from practice in {TABLES}")
def test_a_value_is_the_same_however_it_is_asked(store: Store) -> None:
    """2.0 means the category 2, and true, True and 1 are one value."""
    path = str(TABLES / "mixed.csv")
    data = {"path": path, "target": "churned"}
    trained = train_on(parse_config({"data": data, "features": {"k": 7}}), store)
    row = dict(Snapshot(trained.dataset, store).rows("test").iloc[0])
    model = load_file(store.path(trained.bundles.int8.file))
    for column, spellings in (("grade", ["2", 2, 2.0, "2.0", " 2 "]), ("vip", ["true", "True", 1])):
        answers = {model.predict_one({**row, column: each}) for each in spellings}
        assert len(answers) == 1, column
        assert answers != {model.predict_one({**row, column: None})}


@pytest.mark.skipif(not TABLES.is_dir(), reason=f"no tables from practice in {TABLES}")
def test_tomorrow_is_answered_like_the_newest_day(store: Store) -> None:
    """A date later than all of training has the answer of the days after the change."""
    path = str(TABLES / "dates_text.csv")
    trained = train_on(parse_config({"data": {"path": path, "target": "churned"}}), store)
    row = dict(Snapshot(trained.dataset, store).rows("test").iloc[0])
    model = load_file(store.path(trained.bundles.int8.file))
    before, after, tomorrow = (
        model.predict_one({**row, "signup": day})
        for day in ("2025-02-04", "2025-04-29", "2026-02-03")
    )
    assert before < 0.5 < tomorrow
    assert abs(after - tomorrow) < 0.2
