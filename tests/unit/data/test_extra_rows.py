"""Rows that are not data: headers within a table, units above numbers, sums below them."""

import pyarrow as pa
import pytest

from slipstream.data.extra_rows import without_extra_rows

ROWS = {
    "amount": [f"{number}.5" for number in range(30)],
    "visits": [str(number % 7) for number in range(30)],
    "plan": ["basic", "plus", "pro"] * 10,
}
SUMS = {"amount": "450.0", "visits": str(sum(number % 7 for number in range(30)))}


def above(amount: str, visits: str, plan: str) -> pa.Table:
    """The table, with one more row at its beginning."""
    first = {"amount": amount, "visits": visits, "plan": plan}
    return pa.table({name: [first[name], *cells] for name, cells in ROWS.items()})


def below(amount: str, visits: str, plan: str) -> pa.Table:
    """The table, with one more row at its end."""
    last = {"amount": amount, "visits": visits, "plan": plan}
    return pa.table({name: [*cells, last[name]] for name, cells in ROWS.items()})


def test_rows_that_repeat_the_header_are_ignored() -> None:
    """Files that were joined have them; a word that is a column's name is data elsewhere."""
    table = pa.table({"x": ["1", " X", "2", "x"], "y": ["a", "y ", "y", "y"]})
    kept, notes = without_extra_rows(table)
    assert kept.to_pydict() == {"x": ["1", "2"], "y": ["a", "y"]}
    assert notes == ("2 rows repeat the header and are ignored (the first is row 2)",)
    for other in (table.slice(2, 1), pa.table({"x": [1, 2], "y": ["y", "y"]})):
        assert without_extra_rows(other) == (other, ())


@pytest.mark.parametrize(
    "row",
    [
        *(("EUR", "number", "name"), ("float", "int", "str"), ("Amount (EUR)", "Visits", "")),
        *(("m2", "W/m2", "-"), ("[EUR]", "", "name"), ("EUR", "-", "name")),
        ("spent in 2024", "Q2 visits", "Q3 plan"),
    ],
)
def test_a_second_header_is_ignored(row: tuple[str, str, str]) -> None:
    """Units, types and labels above numbers are no data, and would make numbers text."""
    kept, notes = without_extra_rows(above(*row))
    assert kept.to_pydict() == ROWS
    assert "second header" in notes[0]


def test_three_rows_of_labels_are_ignored() -> None:
    """As surveys have: questions, and what their programs call them."""
    labels = [
        above("Q1 spent", "Q2 visits", "Q3"),
        above("float", "int", "str"),
        above("a", "b", ""),
    ]
    firsts = [each.slice(0, 1) for each in labels]
    kept, (note,) = without_extra_rows(pa.concat_tables([*firsts, labels[0].slice(1)]))
    assert kept.to_pydict() == ROWS
    assert note.startswith("the first 3 rows have text above numbers")


@pytest.mark.parametrize("row", [("n/a", "-", "basic"), ("7.5", "few", "gold"), ("x", "y", "plus")])
def test_a_first_row_that_may_be_data_stays(row: tuple[str, str, str]) -> None:
    """So it is if a number is one, if words mean missing, or if a category recurs."""
    assert without_extra_rows(above(*row)) == (above(*row), ())


@pytest.mark.parametrize(
    "row",
    [
        (SUMS["amount"], SUMS["visits"], "Total"),
        (SUMS["amount"], SUMS["visits"], ""),
        (SUMS["amount"], "", "Sum:"),
        ("15", "", "Average"),
        ("Grand Total", "", ""),
    ],
)
def test_sums_below_a_table_are_ignored(row: tuple[str, str, str]) -> None:
    """A row of sums is no data: its amounts are beyond all others, its word no category."""
    kept, notes = without_extra_rows(below(*row))
    assert kept.to_pydict() == ROWS
    assert notes == ("the last row holds a sum or mean and is ignored",)


@pytest.mark.parametrize(
    "row", [("7.5", "3", "Total"), ("", "", "basic"), (SUMS["amount"], "3", "pro")]
)
def test_a_last_row_that_may_be_data_stays(row: tuple[str, str, str]) -> None:
    """A category may be called so, and one large amount is no sum of all columns."""
    assert without_extra_rows(below(*row)) == (below(*row), ())


def test_two_rows_of_sums_are_ignored() -> None:
    """As spreadsheets end in a total and a mean."""
    ends = [below(SUMS["amount"], SUMS["visits"], "Total"), below("15", "", "Mean").slice(30)]
    kept, notes = without_extra_rows(pa.concat_tables(ends))
    assert kept.to_pydict() == ROWS
    assert notes == ("the last 2 rows hold sums or means and are ignored",)
