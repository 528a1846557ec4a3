"""Folders, patterns and compressed files."""

import bz2
import gzip
import lzma
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slipstream.data.sources import files
from slipstream.runtime import InputError


def fill(folder: Path, content: dict[str, bytes | pa.Table]) -> Path:
    for name, each in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(each, path) if isinstance(each, pa.Table) else path.write_bytes(each)
    return folder


def rows(path: Path | str) -> list[dict]:
    return files.read(str(path)).table.to_pylist()


HIVE = {
    f"year={year}/region={region}/part-0.parquet": pa.table({"x": [year]})
    for year in (2024, 2025)
    for region in ("eu", "us")
}


@pytest.mark.parametrize(
    ("pattern", "columns", "count"),
    [
        ("", ["x", "year", "region"], 4),
        ("year=*/region=*/*.parquet", ["x", "year", "region"], 4),
        ("**/*.parquet", ["x", "year", "region"], 4),
        ("year=*", ["x", "year", "region"], 4),
        ("year=2024", ["x", "region"], 2),
        ("year=2024/*/*", ["x", "region"], 2),
    ],
)
def test_hive_partitions_are_columns(
    tmp_path: Path, pattern: str, columns: list[str], count: int
) -> None:
    """As a folder and as a pattern; whole numbers are numbers; the fixed part adds nothing."""
    read = files.read(str(fill(tmp_path, HIVE) / pattern))
    assert read.table.column_names == columns
    assert len(read.table) == count
    assert "folders' names are read as columns: " in read.notes[0]
    if "year" in columns:
        assert read.table["year"].to_pylist() == read.table["x"].to_pylist()


def test_partitions_have_texts_missing_values_and_files_that_know_better(tmp_path: Path) -> None:
    """A leading zero is text; Hive's word for missing is missing; a column of the files stays."""
    fill(tmp_path / "a", {"k=01/x.csv": b"x,y\n1,2\n", "k=a%20b/x.csv": b"y,x\n2,1\n"})
    assert [row["k"] for row in rows(tmp_path / "a")] == ["01", "a b"]
    fill(tmp_path / "b", {"k=__HIVE_DEFAULT_PARTITION__/x.csv": b"x\n1\n", "k=7/x.csv": b"x\n1\n"})
    assert [row["k"] for row in rows(tmp_path / "b")] == [7, None]
    fill(tmp_path / "c", {"k=1/x.csv": b"x,k\n1,9\n"})
    assert rows(tmp_path / "c") == [{"x": "1", "k": "9"}]


TEXT = pa.array(["a", "b"])


@pytest.mark.parametrize(
    ("first", "second", "cells"),
    [
        (TEXT.dictionary_encode(), TEXT, ["a", "b", "a", "b"]),
        (TEXT, pa.array(["a"], pa.large_string()), ["a", "b", "a"]),
        (TEXT, pa.array([b"a"]), ["a", "b", "a"]),
        (pa.nulls(1), TEXT, [None, "a", "b"]),
        (pa.array([1, 0]), pa.array([2.5]), [1.0, 0.0, 2.5]),
        (pa.array([1, 0]), pa.array(["0", "1"]), ["1", "0", "0", "1"]),
        (pa.array([1.0, 0.0]), pa.array(["0", "1"]), ["1", "0", "0", "1"]),
        (pa.array([True]), pa.array(["true"]), ["true", "true"]),
        (pa.array([1]).dictionary_encode(), pa.array(["x"]), ["1", "x"]),
    ],
)
def test_types_that_differ_between_files_are_joined(
    tmp_path: Path, first: pa.Array, second: pa.Array, cells: list
) -> None:
    """Categories and text are text; whole numbers have no decimals where text decides."""
    fill(tmp_path, {"1.parquet": pa.table({"x": first}), "2.parquet": pa.table({"x": second})})
    assert [row["x"] for row in rows(tmp_path)] == cells


def test_integers_that_are_categories_stay_so(tmp_path: Path) -> None:
    """A column that every file marks as a category is one in the table."""
    marked = pd.DataFrame({"x": [2, 1]}, dtype="category")
    marked.to_parquet(tmp_path / "1.parquet")
    fill(tmp_path, {"2.parquet": pa.table({"x": pa.array([1, 2]).dictionary_encode()})})
    assert [row["x"] for row in rows(tmp_path)] == [2, 1, 1, 2]
    assert pa.types.is_dictionary(files.read(str(tmp_path)).table["x"].type)


def test_csv_and_parquet_may_be_mixed(tmp_path: Path) -> None:
    """Numbers of the one are the text of the other, and that is said."""
    fill(tmp_path, {"a.csv": b"x,y\n1,u\n", "b.parquet": pa.table({"y": ["v"], "x": [2.0]})})
    read = files.read(str(tmp_path))
    assert read.table.to_pydict() == {"x": ["1", "2"], "y": ["u", "v"]}
    assert read.notes == (
        f"columns of several types in the files of {tmp_path} are read as text: 'x'",
    )


def test_bookkeeping_is_left_alone(tmp_path: Path) -> None:
    """Hidden files, markers and empty parts are not data; unread folders are named."""
    fill(
        tmp_path,
        {
            "a.csv": b"x,y\n1,u\n",
            "._a.csv": b"\0\5",
            "_SUCCESS": b"",
            "_metadata.parquet": b"x",
            ".a.csv.crc": b"1",
            ".DS_Store": b"1",
            "README.txt": b"hello",
            "empty.csv": b"",
            "header.csv": b"x,y\n",
            "other/b.csv": b"x,y\n2,u\n",
            "_tmp/c.csv": b"x,y\n3,u\n",
        },
    )
    read = files.read(str(tmp_path))
    assert read.table.to_pydict() == {"x": ["1"], "y": ["u"]}
    assert read.notes == (
        f"2 of the 3 files of {tmp_path} have no rows",
        f"folders in {tmp_path} are not read: 'other'",
    )
    assert rows(tmp_path / "*.csv") == [{"x": "1", "y": "u"}]


def test_folders_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    """A column that one file lacks, data in folders only, a Delta table, or empty files."""
    fill(tmp_path / "lacks", {"a.csv": b"x,y\n1,2\n", "b.csv": b"x\n1\n"})
    with pytest.raises(InputError, match="same columns, however: .*b.csv lacks 'y', compared"):
        rows(tmp_path / "lacks")
    fill(tmp_path / "deep", {"below/a.csv": b"x,y\n1,2\n"})
    with pytest.raises(InputError, match=r"only in folders; try the pattern '.*/\*\*/\*.csv'"):
        rows(tmp_path / "deep")
    fill(tmp_path / "delta", {"a.parquet": pa.table({"x": [1]}), "_delta_log/0.json": b"{}"})
    with pytest.raises(InputError, match="is a Delta table"):
        rows(tmp_path / "delta")
    fill(tmp_path / "empty", {"a.csv": b"", "b.csv": b""})
    with pytest.raises(InputError, match="its files are empty"):
        rows(tmp_path / "empty")
    fill(tmp_path / "odd", {"a.parquet": pa.table({"x": [[1]]}), "b.csv": b"x\n1\n"})
    with pytest.raises(InputError, match="must agree on column types"):
        rows(tmp_path / "odd")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.CSV", b"a,b\n1,2\n"),
        ("x.tsv", b"a\tb\n1\t2\n"),
        ("x.txt", b"a;b\n1;2\n"),
        ("x.tsv.gz", gzip.compress(b"a\tb\n1\t2\n", mtime=0)),
        ("x.csv.bz2", bz2.compress(b"a,b\n1,2\n")),
        ("x.csv.xz", lzma.compress(b"a,b\n1,2\n")),
        ("x.csv.zst", pa.Codec("zstd").compress(b"a,b\n1,2\n", asbytes=True)),
    ],
)
def test_endings_say_how_a_file_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    """In either case, with or without compression."""
    assert rows(fill(tmp_path, {name: content}) / name) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_damaged_compression_is_named(tmp_path: Path, ending: str) -> None:
    """Bytes that are not what the name says."""
    with pytest.raises(InputError, match=f"a .{ending} file must be whole"):
        rows(fill(tmp_path, {f"x.csv.{ending}": b"nonsense"}) / f"x.csv.{ending}")


def test_bytes_in_parquet_are_text_where_they_spell_it(tmp_path: Path) -> None:
    """UTF-8 in variable, fixed or coded bytes is text, and said; other bytes stay."""
    columns = {
        "free": pa.array([b"ab", b"\xc3\xa9"]),
        "fixed": pa.array([b"ab", b"cd"], pa.binary(2)),
        "coded": pa.array([b"ab", b"ab"]).dictionary_encode(),
        "raw": pa.array([b"\xff", b"\xfe"]),
    }
    read = files.read(str(fill(tmp_path, {"x.parquet": pa.table(columns)}) / "x.parquet"))
    first = read.table.to_pylist()[0]
    assert first == {"free": "ab", "fixed": "ab", "coded": "ab", "raw": b"\xff"}
    assert "bytes that are UTF-8 are read as text: 'free', 'fixed', 'coded' of " in read.notes[0]


def test_what_pandas_says_of_its_index_is_kept(tmp_path: Path) -> None:
    """A later stage can see which column is an index."""
    pd.DataFrame({"a": [1, 2]}, index=[5, 9]).to_parquet(tmp_path / "x.parquet")
    schema = files.read(str(tmp_path / "x.parquet")).table.schema
    assert schema.pandas_metadata["index_columns"] == ["__index_level_0__"]


def test_the_fingerprint_follows_the_partition(tmp_path: Path) -> None:
    """A file in another partition is another table; a file that is not read does not count."""
    before = files.fingerprint(str(fill(tmp_path / "a", {"k=1/x.csv": b"x\n1\n"})))
    assert files.fingerprint(str(fill(tmp_path / "b", {"k=2/x.csv": b"x\n1\n"}))) != before
    assert files.fingerprint(str(fill(tmp_path / "a", {"k=1/._x.csv": b"y"}))) == before
