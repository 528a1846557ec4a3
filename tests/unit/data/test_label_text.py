"""The target's text: formatted numbers, markers among them, and labels in several spellings."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.cells import missing_markers
from slipstream.data.columns import RawColumn
from slipstream.data.label_text import is_same_label, read_label_text, spelled_as
from slipstream.data.schema import raw_columns
from slipstream.data.target import Target, read_target
from slipstream.runtime import InputError

AMOUNTS = [f"{number:,}" for number in range(1000, 100_000, 333)]
SPANS = [f"{each // 60}:{each % 60:02d}:07" for each in range(300)]
DATES = [f"2025-{1 + day % 12:02d}-{1 + day % 28:02d}" for day in range(300)]


def column(values: object, missing: Sequence[str] = (), **others: object) -> RawColumn:
    """The column `y` of a raw table."""
    table = pa.table({"y": pa.array(values), **others})
    return raw_columns(table, missing_markers(missing))[0]


def read(values: object, **config: object) -> tuple[list, str]:
    """The cells of a target `y`, and the notes."""
    data = DataConfig(target="y", **config)
    cells, notes = read_label_text(column(values, data.missing), data)
    return cells.to_pylist(), " | ".join(notes)


def target(values: object, **config: object) -> Target:
    """The target of a column `y`, in which no label is missing."""
    data = DataConfig(target="y", **config)
    return read_target(read_label_text(column(values), data)[0], data)


@pytest.mark.parametrize(
    ("labels", "known", "spelled"),
    [
        (["Yes", "No"], ["no", "yes"], ["yes", "no"]),
        (["YES ", "no."], ["no", "yes"], ["yes", "no"]),
        (["1", "0"], ["no", "yes"], ["yes", "no"]),
        (["True", "False"], ["TRUE", "FALSE"], ["TRUE", "FALSE"]),
        (["1.0", "2.0", "3.0"], ["1", "2", "3"], ["1", "2", "3"]),
        (["Gold", "SILVER", "new"], ["gold", "silver"], ["gold", "silver", "new"]),
        (["a", "A"], ["A"], ["a", "A"]),  # letters mean themselves
        (["Yes", "yes"], ["Yes", "yes"], ["Yes", "yes"]),
        (["Y", "N", "maybe"], ["no", "yes"], ["Y", "N", "maybe"]),
        (["up", "UP"], ["down"], ["up", "UP"]),
    ],
)
def test_labels_get_the_spelling_of_known_ones(
    labels: list[str], known: list[str], spelled: list[str]
) -> None:
    """What means the same in one table does so here; other labels stay as they are."""
    assert list(spelled_as(labels, known).values()) == spelled


@pytest.mark.parametrize("values", [["Yes", "No", "No"], [True, False, False], [1, 0, 0]])
def test_the_config_says_how_labels_are_spelled(values: list) -> None:
    """Whatever type the column has; the note says where the spelling comes from."""
    found = target(values * 5, labels=["no", "yes"])
    assert found.classes == ("no", "yes")
    assert found.numbers.tolist() == [1, 0, 0] * 5
    assert "labels keep the spelling of data.labels, in a retraining that of the" in found.notes[0]


def test_spellings_that_no_row_has_are_said() -> None:
    """A label that is asked for and missing is named; one that is new stays."""
    found = target(["a1", "b1", "c1"] * 5, labels=["A1", "B1", "D1"])
    assert found.classes == ("A1", "B1", "c1")
    assert "no row has these of data.labels: 'D1'" in found.notes[1]
    assert target(["a1", "b1"] * 5, labels=["a1", "b1"]).notes == ()


@pytest.mark.parametrize(
    ("values", "config", "way_out"),
    [
        (["a", "b", "c"], {}, "set data.task to multiclass, group them, or choose another target"),
        (["a", "b", "c"], {"positive": "a"}, "multiclass and leave data.positive empty, group"),
        ([str(each) for each in range(1500)], {}, "set data.task to regression if they are quant"),
        (["a"], {}, "it has 1 ('a'); choose another target"),
    ],
)
def test_a_target_that_has_not_two_labels_can_be_of_another_kind(
    values: list, config: dict, way_out: str
) -> None:
    """The way out depends on how many labels there are, and on what else the config says."""
    with pytest.raises(InputError) as refused:
        target(values * 5, task="binary", **config)
    assert way_out in str(refused.value)


@pytest.mark.parametrize(
    ("written", "first", "note"),
    [
        ([f"${each}.50" for each in AMOUNTS], 1000.5, "'$' and a comma between thousands"),
        ([f"{each / 8:.3f}%" for each in range(300)], 0, "percent signs"),
        ([f"{each / 7:.2f}".replace(".", ",") for each in range(300)], 0, "a decimal comma"),
        ([f"({each})" for each in AMOUNTS], -1000, "'y'"),
    ],
)
def test_formatted_numbers_are_quantities(written: list, first: float, note: str) -> None:
    """An amount is predicted as a number, not as hundreds of labels, and the format is said."""
    cells, notes = read(written)
    assert cells[0] == first
    assert note in notes
    assert target(written).task == "regression"
    assert read(written, task="multiclass")[0] == written


def test_an_open_separator_follows_the_features() -> None:
    """Whether 1.000 is a thousand is seen from the decimal signs of other columns."""
    amounts = [each.replace(",", ".") for each in AMOUNTS]
    beside = column(amounts, x=pa.array([f"{each},5" for each in range(len(amounts))]))
    data = DataConfig(target="y")
    assert read_label_text(beside, data)[0].to_pylist()[:2] == [1000, 1333]
    assert read_label_text(column(amounts), data)[0].to_pylist()[:2] == ["1.000", "1.333"]


@pytest.mark.parametrize("marker", ["unknown", "-", "#DIV/0!", "n.a.", "."])
def test_markers_among_numbers_are_no_label(marker: str) -> None:
    """Where the other labels are numbers, what means missing there is missing here."""
    assert read(["0", marker, "1"] * 9)[0] == ["0", None, "1"] * 9
    assert read(["0.5", marker, "7"] * 9, task="regression")[0] == ["0.5", None, "7"] * 9
    if marker in ("unknown", "-"):
        assert read(["yes", marker, "no"] * 9)[0] == ["yes", marker, "no"] * 9


def test_the_config_says_what_means_missing() -> None:
    """`data.missing` adds and removes markers of the target too."""
    assert read(["EU", "NA", "n/k"])[0] == ["EU", None, "n/k"]
    assert read(["EU", "NA", "n/k"], missing=["!NA", "n/k"])[0] == ["EU", "NA", None]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (["yes", "Yes", "no", "yes", "NO", "no"], ["yes", "yes", "no", "yes", "no", "no"]),
        (["1", "1", "true", "0", "0", "false"], ["1", "1", "1", "0", "0", "0"]),
        (["1", "1.0", "0", "0.0"], ["1", "1", "0", "0"]),
        (["2.0", "1.0", "3.0"], ["2", "1", "3"]),
        (["Gold", "Gold", "gold", "GOLD ", "tin"], ["Gold", "Gold", "Gold", "Gold", "tin"]),
        (["in  use", "in use", "in use", "off"], ["in use", "in use", "in use", "off"]),
        (["<=50K", "<=50K.", "<=50K", ">50K"], ["<=50K", "<=50K", "<=50K", ">50K"]),
        (["a", "A", "b"], ["a", "A", "b"]),
        (["01", "1", "2"], ["01", "1", "2"]),
        (["yes", "no"], ["yes", "no"]),
    ],
)
def test_labels_that_differ_in_spelling_only_are_one(written: list, kept: list) -> None:
    """Case, blanks, words for true and false, and 1.0 for 1; letters and codes all differ."""
    cells, notes = read(written)
    assert cells == kept
    are_words = not all(word.replace(".", "").isdigit() for word in written)
    assert ("another spelling count as one" in notes) == (are_words and cells != written)


def test_what_the_source_marks_as_categories_is_left_alone() -> None:
    """A dictionary's words are labels as they are."""
    assert read(pa.array(["a b", "A B", "NA"]).dictionary_encode())[0] == ["a b", "A B", None]


def test_the_positive_label_may_be_spelled_otherwise() -> None:
    """Whichever spelling most rows have, the config's means it."""
    assert target(["Yes", "Yes", "no", "no"], positive="yes").classes == ("no", "Yes")
    assert target(["1.0", "0.0"], positive="1.0").classes == ("0", "1")
    assert is_same_label("Yes ", "YES")
    assert not is_same_label("a", "A")


def test_numbers_among_which_some_are_none_are_refused() -> None:
    """They would become hundreds of labels; the first row of another kind is named."""
    values = [str(each / 7) for each in range(300)]
    values[40] = "about 6"
    with pytest.raises(InputError, match="1 are not \\(the first in row 41\\)"):
        read(values)
    assert read(values, task="multiclass")[0][40] == "about 6"


@pytest.mark.parametrize(
    "values", [DATES, [f"{each // 60}:{each % 60:02d}:07" for each in range(300)]]
)
def test_dates_and_durations_are_no_target(values: list) -> None:
    """Each would be a label; a few of them may be meant as labels."""
    with pytest.raises(InputError, match="its values are dates, times or durations"):
        read(values)
    assert read(DATES[:3] * 9)[0] == DATES[:3] * 9
    assert read(values, task="multiclass")[0] == values


@pytest.mark.parametrize("write", ["{}K", "{} kg", "{}°"])
def test_numbers_with_one_unit_are_quantities(write: str) -> None:
    """Many are a number to predict; a few are labels, unless the config says regression."""
    values = [write.format(each / 8) for each in range(100)]
    cells, notes = read(values)
    assert cells[8] in (1, 1000)
    assert "its numbers are read as written with" in notes
    assert read(values[:5] * 9)[0] == values[:5] * 9
    assert read(values[:5] * 9, task="regression")[0][:2] != values[:2]


@pytest.mark.parametrize("write", ["{} m2", "~{}"])
def test_numbers_with_other_text_around_them_are_no_target(write: str) -> None:
    """Each would be a label of its own; a few of them may be meant as labels."""
    values = [write.format(each / 8) for each in range(100)]
    with pytest.raises(InputError, match="numbers with other text around them"):
        read(values)
    assert read(values[:5] * 9)[0] == values[:5] * 9
    assert read(values, task="multiclass")[0] == values
