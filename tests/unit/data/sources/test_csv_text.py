"""CSV files as spreadsheets, databases and programs write them."""

import pytest

from slipstream.data.sources.csv_text import parse_csv
from slipstream.runtime import InputError

TABLE = {"a": ["1", "3"], "b": ["2", "4"]}


def read(content: str | bytes, encoding: str = "") -> tuple[dict[str, list[str]], str]:
    raw = parse_csv(content if isinstance(content, bytes) else content.encode(), "FILE", encoding)
    return {name.strip(): cells for name, cells in raw.table.to_pydict().items()}, "\n".join(
        raw.notes
    )


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("a,b\n1,2\n3,4\n,\n,\n", "2 empty rows at the end of FILE are ignored"),
        ('a,b\n1,2\n"",""\n , \n3,4\n', "2 empty rows in FILE are ignored"),
        ("a,b\n1,2\n,,,,\n3,4\n", "1 empty row in FILE is ignored"),
        (",\n,\na,b\n1,2\n3,4\n", "2 empty rows above the header of FILE are ignored"),
        ("a,b\n1,2,\n3,4,\n", "the delimiter at the end of each row of FILE is ignored"),
        ("a,b\n1,2,\n3,4,\n,,\n", "1 empty row at the end of FILE is ignored"),
        ("a,b,\n1,2,\n3,4,\n", "column 3 of FILE has neither a name nor values, and is ignored"),
        ("a,b,\n1,2\n3,4\n", "column 3 of FILE has neither a name nor values, and is ignored"),
        ("# by x, y\n#\na,b\n1,2\n3,4\n", "2 comment lines above the header of FILE are ignored"),
        ("// x\n\na,b\n1,2\n3,4\n", "1 comment line above the header of FILE is ignored"),
        ("% x\na,b\n1,2\n3,4\n", "1 comment line above the header of FILE is ignored"),
        ("a,b\n1,2\n# a pause\n3,4\n", "1 comment line below the header of FILE is ignored"),
        ("sep=;\na;b\n1;2\n3;4\n", ""),
        ('"SEP=,"\na,b\n1,2\n3,4\n', ""),
        (" a | b\n---+---\n 1 | 2\n 3 | 4\n(2 rows)\n", "1 count of rows below the header"),
        ("|a|b|\n|---|---|\n|1|2|\n|3|4|\n", "column 1 of FILE has neither a name nor values"),
        ("'a','b'\n'1','2'\n'3','4'\n", "without the single quotes"),
        ("\ufeffa,b\n1,2\n3,4\n".encode("utf-16-be"), ""),
        ("a,b\n1,2\n3,4\n".encode("utf-32"), ""),
        ("\ufeff\ufeffa,b\n1,2\n\ufeff3,4\n\x1a".encode(), ""),
    ],
)
def test_what_holds_no_data_is_ignored_and_said(content: str | bytes, note: str) -> None:
    """Empty rows, comments, delimiters at ends and a database's lines do not change the table."""
    table, notes = read(content)
    assert table == TABLE
    assert notes == note or (note and note in notes)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (",a\n0,1\n1,2\n", {"Unnamed: 0": ["0", "1"], "a": ["1", "2"]}),
        ("a,,b\n0,1,x\n", {"a": ["0"], "Unnamed: 1": ["1"], "b": ["x"]}),
        ('"",a\n0,1\n', {"Unnamed: 0": ["0"], "a": ["1"]}),
    ],
)
def test_columns_without_a_name_are_called_as_pandas_calls_them(
    content: str, expected: dict[str, list[str]]
) -> None:
    """The index that pandas' `to_csv` writes first has an empty header."""
    table, notes = read(content)
    assert table == expected
    assert "has no name, and is called 'Unnamed: " in notes


def test_a_header_that_begins_like_a_comment_is_a_header() -> None:
    """It names as many columns as the data below it has; a comment above a header does not."""
    assert read("#chrom\tstart\nchr1\t5\n")[0] == {"#chrom": ["chr1"], "start": ["5"]}
    assert read("#name,city\nx,Oslo\n")[0] == {"#name": ["x"], "city": ["Oslo"]}
    assert list(read("# a,b\n1,2\n")[0]) == ["# a", "b"]  # as numpy's savetxt writes it
    assert list(read("<DATE>,<OPEN>\n1,2\n")[0]) == ["<DATE>", "<OPEN>"]
    assert list(read("PAR1,PAR2\n1,2\n")[0]) == ["PAR1", "PAR2"]
    assert read("# x, y\na,b\n1,2\n")[0] == {"a": ["1"], "b": ["2"]}


def test_comments_may_be_many() -> None:
    """Thousands of lines stand above the header of some files."""
    assert read("#\n" * 3000 + "a,b\n1,2\n3,4\n")[0] == TABLE


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ('a,b\n1,"say \\"hi\\", ok"\n2,y\n', ['say "hi", ok', "y"]),
        ('a,b\n1,"6\\""\n2,y\n', ['6"', "y"]),
        ('a,b\n1,"C:\\"\n2,"D:\\x\\"\n', ["C:\\", "D:\\x\\"]),
        ('a,b\n1,"say ""hi"""\n2,\\N\n', ['say "hi"', "\\N"]),
        ("a,b\n1,O'Brien\n2,'t Hooft\n", ["O'Brien", "'t Hooft"]),
        ("a,b\n1,'x, y'\n2,'z'\n", ["x, y", "z"]),
        ('a,b\n1,"x\ny"\n2,z\n', ["x\ny", "z"]),
        ('"a", "b"\n1, "x, y"\n2, "say ""hi"", ok"\n', ["x, y", 'say "hi", ok']),
        ('a, b\n1, "x, ""y"""\n2, \n', ['x, "y"', ""]),
        ('a,b\n1,"x, ""y"""\n2,"z, ""w"""\n', ['x, "y"', 'z, "w"']),
    ],
)
def test_quotes_are_read_as_they_were_meant(content: str, cells: list[str]) -> None:
    """A backslash before a quote, single quotes around cells, and neither where it is content."""
    assert read(content)[0]["b"] == cells


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a;b\n1,5;2\n2,5;3\n", ["a", "b"]),
        ("price, net;amount\n1,5;2\n2,5;3\n", ["price, net", "amount"]),
        ("a\tb, c\n1,2\t3\n2,2\t3\n", ["a", "b, c"]),
        ("note;x,y,z\nhi,2,3\n", ["note;x", "y", "z"]),
        ("city\nNew York\nOslo\n", ["city"]),
    ],
)
def test_the_delimiter_is_in_the_header_and_as_often_in_rows(
    content: str, names: list[str]
) -> None:
    """Decimal commas and commas in names do not part cells."""
    assert list(read(content)[0]) == names


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Sales report\na,b,c\n1,2,3\n", "FILE, line 1, has 1, the rows have 3; remove what"),
        ("Sales\nof May\na,b,c\n1,2,3\n", "FILE, line 1, has 1, the rows have 3"),
        ("Sales, of May\n\na,b,c\n1,2,3\n", "FILE, line 1, has 2, the rows have 3"),
        ("# x\na,b\n1,2,3\n4,5,6\n", "FILE, line 2, has 2, the rows have 3"),
        ("Sales,,\na,b,c\n1,2,3\n", "line 1, leaves 2 of 3 without a name"),
        ("a,b\n1,2\nTotal\n", "FILE, line 3, has 1"),
        ("a,b\n1,2,\n3,4\n5,6\n", "FILE, line 2, has 3 (1 such rows)"),
        ("aa bb cc\n1 2 3\n", "blanks between 3 words in every line"),
        ("aa   bb\n1    2\n", "blanks between 2 words in every line"),
        ("<!DOCTYPE html><html>", "is HTML"),
        ('[{"a": 1}]', "is JSON"),
        (b"PK\x03\x04...", "is a ZIP archive, or an Excel workbook"),
        (b"\x1f\x8b...", "is compressed with gzip"),
        ("a,b\n1,caf\xe9\n".encode("cp1252"), "line 2, has a byte that is not utf-8 (it looks lik"),
        ("a,b\n1,2\n".encode("utf-16-be"), "NUL characters (it looks like utf-16-be)"),
        (",,\n,,\n", "is empty"),
    ],
)
def test_what_cannot_be_read_is_named(content: str | bytes, expected: str) -> None:
    """A title above the header, blanks between cells, and files of another kind each by name."""
    with pytest.raises(InputError) as error:
        read(content)
    assert expected in str(error.value)


def test_an_encoding_is_used_and_a_mark_comes_first() -> None:
    """`data.encoding` decides where the file does not say it itself."""
    assert read("a,b\n1,\xe9\n".encode("cp1252"), "cp1252")[0]["b"] == ["\xe9"]
    assert read("a,b\n1,\xe9\n".encode("utf-16-le"), "utf-16-le")[0]["b"] == ["\xe9"]
    assert read("\ufeffa,b\n1,\xe9\n".encode(), "cp1252")[0]["b"] == ["\xe9"]
    with pytest.raises(InputError, match="must be one that Python knows, however: 'klingon'"):
        read("a,b\n1,2\n", "klingon")


def test_rows_of_one_column_are_never_empty_rows() -> None:
    """An empty cell of the only column is a value that is missing."""
    assert read('a\n1\n""\n2\n')[0] == {"a": ["1", "", "2"]}
