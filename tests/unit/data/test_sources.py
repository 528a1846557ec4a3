import gzip
import sqlite3
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.sources import database as sql
from slipstream.data.sources import files, source
from slipstream.data.sources.source import source_of
from slipstream.runtime import InputError


def read(path: object, query: str = "") -> pa.Table:
    return source_of(DataConfig(path=str(path), query=query)).read().table


def write(tmp_path: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        " a , b \n 1 , x \n 2 , y \n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "\ufeffa,b\n1,x\n2,y",
        '"a","b"\n"1","x"\n"2","y"\n',
        'a,"b"\n1,"x"\n2,y\n\n',
        "\n\na,b\n1,x\n\n2,y\n",
        "a,b\r1,x\r2,y\r",
        '"a";"b"\n1;x\n2;y\n',
    ],
)
def test_csv_dialects_read_alike(tmp_path: Path, content: str) -> None:
    """Blanks, delimiters, line ends, quotes and a byte-order mark make no difference."""
    table = read(write(tmp_path, content))
    assert table.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}


def test_small_tables_are_recognised_by_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is as large as its files together; what is not a file is never small."""
    for name in ("a.csv", "b.csv"):
        write(tmp_path, "a,b\n1,x\n", name)

    def small(path: object) -> bool:
        return source_of(DataConfig(path=str(path))).is_small()

    assert small(tmp_path)
    monkeypatch.setattr(source, "SMALL_BYTES", 12)
    assert [small(tmp_path / "a.csv"), small(tmp_path)] == [True, False]
    assert not small("demo")
    assert not source_of(DataConfig(path="sqlite:///shop.db", query="select 1")).is_small()


def test_delimiters_inside_quotes_do_not_count(tmp_path: Path) -> None:
    """A header's quoted commas do not make a comma the delimiter."""
    table = read(write(tmp_path, '"a, b, c";"d\n"\n1;"2"\n'))
    assert table.to_pydict() == {"a, b, c": ["1"], "d": ["2"]}


def test_quoted_cells_keep_what_they_hold(tmp_path: Path) -> None:
    """A delimiter, a quote and a line end inside quotes belong to the cell."""
    table = read(write(tmp_path, 'a,b\n"1,5","say ""hi"""\n"two\nlines",y\n'))
    assert table.to_pydict() == {"a": ["1,5", "two\nlines"], "b": ['say "hi"', "y"]}


def test_gzip_folder_glob_and_parquet(tmp_path: Path) -> None:
    """A gzip file, a folder, a glob and Parquet hold the same table."""
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "one.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n"))
    (folder / "two.csv").write_text("a,b\n2,y\n")
    (folder / "notes.txt").write_text("not data")
    frame.to_parquet(tmp_path / "whole.parquet")
    expected = {"a": ["1", "2"], "b": ["x", "y"]}
    assert read(folder).to_pydict() == expected
    assert read(folder / "*.csv*").to_pydict() == expected
    assert read(tmp_path / "whole.parquet").to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("  \n \n", "is empty"),
        ("a,b\n", "header only"),
        ("a,a\n1,2\n", "'a' more than once"),
        ("a,b\n1,2\n3\n", "line 3, has 1"),
        ("a,b\n1,2\n3,4,5\n6,7\n8,9,9\n", r"line 3, has 3 \(2 such rows\)"),
        ('a,b\n"x\ny",2\n3\n', "line 4, has 1"),
        ("\na,b\n\n1,2\n3\n", "line 5, has 1"),
        ('"a\nc",b\n1,2\n3\n', "line 4, has 1"),
        (f"a,b\n{'x' * 200_000},2\n3\n", "row 2, has 1"),
        ('a,b\n1,2\n3,"4\n5,6\n7,8\n', "ends inside one that opens in row 2"),
        ("a,b\n1,\xe9\n".encode("latin-1"), "UTF-8.* line 2"),
        ("a,b\n1,2\n".encode("utf-16-le"), "looks like utf-16-le"),
        (b"a,b\n1,\x00\n", "NUL characters"),
        ("a,b", "header only"),
    ],
)
def test_bad_csv_names_file_and_line(
    tmp_path: Path, content: str | bytes, expected: str | None
) -> None:
    """A malformed CSV is refused with the file, the line and the way out."""
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=f"(?s){expected}") as error:
        read(path)
    assert str(path) in str(error.value)


def test_bad_files_are_named(tmp_path: Path) -> None:
    """Absent files, empty folders, other endings and broken formats each have their own message."""
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="holds none"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"must end in \.csv"):
        read(write(tmp_path, "a", "table.xlsx"))
    for wrong in ("a**b/*.csv", "x" * 5000, "~nobody-here/x.csv"):
        with pytest.raises(InputError, match="the data path must"):
            read(wrong)
    with pytest.raises(InputError, match="must be Parquet"):
        read(write(tmp_path, "PAR1 not really", "table.parquet"))
    with pytest.raises(InputError, match="gz file must be whole"):
        read(write(tmp_path, gzip.compress(b"a,b\n1,2\n" * 99)[:30], "table.csv.gz"))
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", "a,b\n1,2\n", "one.csv")
    write(tmp_path / "folder", "a,c\n1,2\n", "two.csv")
    with pytest.raises(InputError, match="same columns"):
        read(tmp_path / "folder")


def test_parquet_with_invalid_utf8_is_refused(tmp_path: Path) -> None:
    """Text must be UTF-8, in a cell and in the name of a column."""
    path = tmp_path / "table.parquet"
    pd.DataFrame({"column_a": ["some text"]}).to_parquet(path)
    data = path.read_bytes()
    for text in (b"some text", b"column_a"):
        path.write_bytes(data.replace(text, b"\xff" * len(text)))
        with pytest.raises(InputError, match="must be Parquet"):
            read(path)


def test_an_empty_path_is_not_a_folder() -> None:
    """A variable that is not set does not mean all files of the folder one is in."""
    with pytest.raises(InputError, match="it is empty"):
        files.read("")


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    """The fingerprint changes with the content, and only with it; an absent file has none."""
    path = write(tmp_path, "a,b\n1,2\n")
    table = source_of(DataConfig(path=str(path)))
    before = table.fingerprint()
    path.touch()
    assert table.fingerprint() == before
    path.write_text("a,b\n1,3\n")
    assert table.fingerprint() not in (before, None)
    path.unlink()
    assert table.fingerprint() is None
    assert source_of(DataConfig(path="sqlite:///x", query="SELECT 1")).fingerprint() is None


def test_built_in_sets() -> None:
    """The demo has 1000 x 10 cells and never changes; sets have labels, or numbers, as target."""
    demo = read("demo")
    assert (demo.num_rows, demo.num_columns) == (1000, 11)
    assert demo.equals(read("demo"))
    assert read("breast_cancer").num_rows == 569
    assert set(read("iris")["target"].to_pylist()) == {"setosa", "versicolor", "virginica"}
    assert len(set(read("digits")["target"].to_pylist())) == 10
    assert pa.types.is_floating(read("diabetes")["target"].type)


def test_sets_are_never_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set that scikit-learn would fetch is read from the disk, or named as missing."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(InputError, match="california_housing must be on the disk"):
        read("california_housing")


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "data.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (age INTEGER, name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", [(1, "a"), (None, "b")])
    return f"sqlite:///{path}"


def test_sql_is_read(database: str) -> None:
    """A SELECT, a WITH and a comment in front of it give a table."""
    for query in (
        "SELECT age, name FROM people",
        "WITH p AS (SELECT * FROM people) SELECT age, name FROM p;",
        "-- everyone\nSELECT age, name FROM people",
        "/* no; DELETE */ SELECT age, name FROM people -- 50 %",
        "SELECT 1 AS age, 'a' AS name UNION SELECT age, name FROM people ORDER BY 2",
        "WITH p AS (SELECT * FROM people) SELECT age, name FROM p WHERE name LIKE '%' ORDER BY 2;;",
        "SELECT age, replace ('x', 'x', name) AS name FROM people",
        "VALUES (1, 'a'), (2, 'b')",
    ):
        assert read(database, query).column(1).to_pylist() == ["a", "b"]


def test_sql_as_databases_are(database: str) -> None:
    """Columns of several types become text, colons are no parameters, names are trimmed."""
    table = read(database, "SELECT 1 AS ' a ', ' :z' AS b UNION SELECT 'x', 'y' ORDER BY 2")
    assert table.to_pydict() == {"a": ["1", "x"], "b": [" :z", "y"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("DELETE FROM people", "one SELECT.*DELETE"),
        ("SELECT 1; DROP TABLE people", "one SELECT"),
        ("people", "one SELECT"),
        ("EXPLAIN SELECT * FROM people", "one SELECT.*EXPLAIN"),
        ("PRAGMA table_info(people)", "one SELECT.*PRAGMA"),
        ("(DELETE FROM people)", "one SELECT.*DELETE"),
        ("WITH p AS (SELECT 1) DELETE FROM people", "one SELECT.*DELETE"),
        ("SELECT age INTO copy FROM people", "one SELECT.*INTO"),
        (" -- nothing\n;", "one SELECT"),
        ("SELECT nobody FROM people", "no such column"),
        ("SELECT * FROM people WHERE age > 9", "returned none"),
        ("SELECT age, age FROM people", "'age'.* more than once"),
    ],
)
def test_bad_sql_is_refused(database: str, query: str, expected: str) -> None:
    """What is not one working SELECT is refused, and the table is as it was."""
    with pytest.raises(InputError, match=f"(?s){expected}"):
        read(database, query)
    assert read(database, "SELECT * FROM people").num_rows == 2


def test_sql_cannot_write_behind_a_select(database: str) -> None:
    """The database itself refuses to write, whatever the statement looks like."""
    with pytest.raises(InputError):
        read(database, "WITH p AS (SELECT 1) DELETE FROM people")
    assert read(database, "SELECT * FROM people").num_rows == 2


def test_sql_is_stopped_in_time(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that never ends is stopped at the limit, and the message says so."""
    monkeypatch.setattr(sql, "QUERY_SECONDS", 0.05)
    endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with pytest.raises(InputError, match="must finish within 0.05 s, however: it did not"):
        read(database, f"{endless} WHERE i < 0")


def test_sql_bytes_are_text_where_they_spell_it(database: str) -> None:
    """A blob of UTF-8 is text; another stays bytes."""
    table = read(database, "SELECT x'6162' AS word, x'ff' AS raw")
    assert table.to_pydict() == {"word": ["ab"], "raw": [b"\xff"]}


def test_sql_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is refused in the URL, and comes from the environment without being shown."""
    with pytest.raises(InputError, match="must not hold a password") as error:
        read("postgresql://user:hunter2@localhost/db", "SELECT 1")
    assert "hunter2" not in str(error.value)
    with pytest.raises(InputError, match="must not hold a password"):
        read("postgresql://localhost/db?user=u&password=hunter2", "SELECT 1")
    with pytest.raises(InputError, match="PG_PASS.* not set"):
        read("postgresql://user:${PG_PASS}@localhost/db", "SELECT 1")
    with pytest.raises(InputError, match="does not exist"):
        read(f"sqlite:///{tmp_path}/absent.db", "SELECT 1")
    assert not (tmp_path / "absent.db").exists()
    with sqlite3.connect(tmp_path / "named.db") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    monkeypatch.setenv("DB_NAME", "named")
    assert read(f"sqlite:///{tmp_path}/${{DB_NAME}}.db", "SELECT a FROM t").num_rows == 1
    with pytest.raises(InputError, match="SQLAlchemy URL"):
        read("postgresql://host:abc/db", "SELECT 1")
    with pytest.raises(InputError, match="driver is installed"):
        read("nosuchdatabase://host/db", "SELECT 1")
