"""Small tables as people write them: each has one peculiarity, and none changes the answer.

All hold the same made-up customers: `spend` carries nearly all of the signal, so that a model that
reads it ranks the test rows with an AUC of about 0.9, and one that does not with about 0.55.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Write = Callable[[pd.DataFrame, Path], Path]

ROWS = 900
READS_SPEND, NO_LEAK = 0.83, 0.955


def customers() -> pd.DataFrame:
    """The table, with nothing peculiar about it."""
    random = np.random.default_rng(12)
    spend = np.round(random.lognormal(6.9, 0.65, ROWS), 2)
    chance = 1 / (1 + np.exp(-4.5 * (np.log(spend) - 7.0)))
    return pd.DataFrame(
        {
            "spend": spend,
            "tenure": random.integers(0, 73, ROWS),
            "calls": random.poisson(1.4, ROWS),
            "plan": random.choice(["basic", "plus", "pro"], ROWS),
            "region": random.choice(["east", "north", "south", "west"], ROWS),
            "churned": np.where(random.random(ROWS) < chance, "yes", "no"),
        }
    )


@dataclass(frozen=True)
class Variant:
    """A way to write the table, and what is to become of it.

    `says` are texts that the warnings must hold; `kinds` what columns are read as; `out` columns
    that the model must not read. The AUC must be between `least` and `most`.
    """

    name: str
    write: Write
    data: dict[str, Any] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=lambda: {"spend": "numeric"})
    out: tuple[str, ...] = ()
    least: float = READS_SPEND
    most: float = NO_LEAK


def as_csv(**options: Any) -> Write:
    """Write plain CSV, with options of pandas."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        table.to_csv(folder / "t.csv", **{"index": False, **options})
        return folder / "t.csv"

    return write


def spend_as(form: Callable[[float], str], **options: Any) -> Write:
    """Write CSV in which `spend` has a form of its own."""
    return lambda table, folder: as_csv(**options)(
        table.assign(spend=[form(value) for value in table["spend"]]), folder
    )


def spend_missing_as(marker: str, every: int = 20) -> Write:
    """Write CSV in which each `every`-th `spend` is a marker."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        written = table["spend"].astype(str).where(np.arange(ROWS) % every > 0, marker)
        return as_csv()(table.assign(spend=written), folder)

    return write


def edited(edit: Callable[[str], str], **options: Any) -> Write:
    """Write CSV whose text is then edited."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        path = as_csv(**options)(table, folder)
        path.write_text(edit(path.read_text()))
        return path

    return write


def with_column(name: str, make: Callable[[pd.DataFrame], Any], *, sort: bool = False) -> Callable:
    """Write CSV with one more column; `sort`: rows are in the order of the answer."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        table = table.sort_values("churned", kind="stable") if sort else table
        return as_csv()(table.assign(**{name: make(table)}), folder)

    return write


def parquet(make: Callable[[pd.DataFrame], pd.DataFrame]) -> Write:
    """Write a changed table as Parquet, as pandas does it."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        make(table).to_parquet(folder / "t.parquet")
        return folder / "t.parquet"

    return write


def german(value: float) -> str:
    """1234.5 as 1.234,50."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def grouped(value: float, sign: str) -> str:
    """1234.5 as 1 234.50, with a sign of choice between thousands."""
    return f"{value:,.2f}".replace(",", sign)


def accounting(value: float) -> str:
    """Amounts around 1,000, negative ones in parentheses."""
    return f"{value - 1000:,.2f}" if value >= 1000 else f"({1000 - value:,.2f})"


def parts(table: pd.DataFrame, folder: Path) -> Path:
    """A folder as Spark writes it, partitioned by region."""
    for region, rows in table.groupby("region"):
        part = folder / "t" / f"region={region}"
        part.mkdir(parents=True)
        rows.drop(columns="region").to_parquet(part / "part-0.parquet")
    (folder / "t" / "_SUCCESS").touch()
    return folder / "t"


def in_cp1252(table: pd.DataFrame, folder: Path) -> Path:
    """Words with umlauts in the encoding of Western Windows."""
    return as_csv(encoding="cp1252")(table.replace({"plan": {"plus": "größer"}}), folder)


def some_labels_empty(table: pd.DataFrame, folder: Path) -> Path:
    """Every hundredth row has no label."""
    labels = table["churned"].where(np.arange(ROWS) % 100 > 0, "")
    return as_csv()(table.assign(churned=labels), folder)


def two_files(change: Callable[[pd.DataFrame], pd.DataFrame], suffix: str = "csv") -> Write:
    """A folder of two files, the second of which differs."""

    def write(table: pd.DataFrame, folder: Path) -> Path:
        place = folder / "t"
        place.mkdir()
        for name, rows in (("a", table[: ROWS // 2]), ("b", change(table[ROWS // 2 :]))):
            if suffix == "csv":
                rows.to_csv(place / f"{name}.csv", index=False)
            else:
                rows.to_parquet(place / f"{name}.parquet")
        return place

    return write


def total_below(table: pd.DataFrame, folder: Path) -> Path:
    """A row of totals below the table, as spreadsheets have."""
    sums = table[["spend", "tenure", "calls"]].sum().round(2)
    return as_csv()(pd.concat([table, pd.DataFrame([{**sums, "churned": "Total"}])]), folder)


def numbered_labels(table: pd.DataFrame, folder: Path) -> Path:
    """Labels 0 and 1 in one file, 0.0 and 1.0 in the other."""
    numbers = table.assign(churned=(table["churned"] == "yes").astype(int))
    return two_files(lambda rows: rows.astype({"churned": float}), "parquet")(numbers, folder)


def filtered_index(table: pd.DataFrame) -> list[int]:
    """An index after rows were filtered: it increases, with gaps."""
    return np.cumsum(np.random.default_rng(3).integers(1, 4, len(table))).tolist()


def chance() -> np.random.Generator:
    """The same random numbers for each column."""
    return np.random.default_rng(1)


def days() -> pd.DatetimeIndex:
    """A day of 2025 for each row."""
    return pd.to_datetime("2025-01-01") + pd.to_timedelta(chance().integers(0, 365, ROWS), "D")


def if_left(table: pd.DataFrame, yes: Any, no: Any) -> Any:
    """One value where the answer is yes, another where it is no."""
    return np.where(table["churned"] == "yes", yes, no)


NUMBERS = [
    Variant("euro_behind", spend_as(lambda value: f"{german(value)} €"), says=("spend",)),
    Variant("pounds", spend_as(lambda value: f"£{value:,.2f}"), says=("spend",)),
    Variant("dollar_code", spend_as(lambda value: f"USD {value:,.2f}"), says=("spend",)),
    Variant("code_behind", spend_as(lambda value: f"{german(value)} EUR"), says=("spend",)),
    Variant("rupees", spend_as(lambda value: f"₹ {value:,.2f}"), says=("spend",)),
    Variant("blanks", spend_as(lambda value: grouped(value, " ")), says=("spend",)),
    Variant("no_break_blanks", spend_as(lambda value: grouped(value, "\u00a0")), says=("spend",)),
    Variant("narrow_blanks", spend_as(lambda value: grouped(value, "\u202f")), says=("spend",)),
    Variant("swiss", spend_as(lambda value: grouped(value, "'")), says=("spend",)),
    Variant("typographic_swiss", spend_as(lambda value: grouped(value, "’")), says=("spend",)),
    Variant("german_semicolons", spend_as(german, sep=";"), says=("spend",)),
    Variant("german_quoted", spend_as(german), says=("spend",)),
    Variant(
        "decimal_commas_tab",
        spend_as(lambda value: f"{value:.2f}".replace(".", ","), sep="\t"),
        says=("spend",),
    ),
    Variant("parentheses", spend_as(accounting), says=("spend",)),
    Variant("percent", spend_as(lambda value: f"{value / 10:.3f}%"), says=("spend",)),
    Variant("percent_blank", spend_as(lambda value: f"{value / 10:.3f} %"), says=("spend",)),
    Variant(
        "minus_sign",
        spend_as(lambda value: f"{value - 1000:.2f}".replace("-", "−")),
        says=("spend",),
    ),
    Variant("plus_signs", spend_as(lambda value: f"{value - 1000:+.2f}")),
    Variant(
        "trailing_minus",
        spend_as(lambda value: f"{abs(value - 1000):.2f}" + "-" * (value < 1000)),
        says=("spend",),
    ),
    Variant(
        "minus_before_currency",
        spend_as(lambda value: "-" * (value < 1000) + f"${abs(value - 1000):,.2f}"),
        says=("spend",),
    ),
    Variant(
        "some_with_currency",
        spend_as(lambda value: "$" * (value > 900) + f"{value:.2f}"),
        says=("spend",),
    ),
    Variant("exponents", spend_as(lambda value: f"{value:.4e}")),
    Variant("whole_thousands", spend_as(lambda value: f"{value:,.0f}"), says=("spend",)),
    Variant("padded", spend_as(lambda value: f"{value:>12.2f}")),
]
MARKERS = (
    *("NAN", "nil", "--", ".", "#DIV/0!", "#VALUE!", "#REF!", "Missing", "n.a.", "(null)", "—"),
    *("UNKNOWN", "not available"),
)
MISSING = [
    Variant(f"missing {marker}", spend_missing_as(marker), says=("spend",), least=0.8)
    for marker in MARKERS
]
FILES = [
    Variant("to_csv", as_csv(index=True), out=("Unnamed: 0",), says=("Unnamed: 0",)),
    Variant("sep_line", edited(lambda text: "sep=;\n" + text, sep=";")),
    Variant(
        "delimiter_rows", edited(lambda text: text + ";;;;;\n" * 7, sep=";"), says=("7 empty rows",)
    ),
    Variant("trailing_everywhere", edited(lambda text: text.replace("\n", ",\n"))),
    Variant("comment", edited(lambda text: "# made on Monday\n\n" + text), says=("comment",)),
    Variant(
        "header_in_capitals",
        edited(lambda text: text.replace("\n", f"\n{text.splitlines()[0].upper()}\n", 3)),
        says=("3 rows repeat the header",),
    ),
    Variant(
        "units_below_header",
        edited(lambda text: text.replace("\n", "\nEUR,months,number,name,name,yes/no\n", 1)),
        says=("second header",),
    ),
    Variant("totals", total_below, says=("sum or mean",)),
    Variant("utf16", as_csv(encoding="utf-16")),
    Variant("cp1252", in_cp1252, data={"encoding": "cp1252"}),
    Variant("byte_order_mark", as_csv(encoding="utf-8-sig")),
    Variant("carriage_returns", edited(lambda text: text.replace("\n", "\r"))),
    Variant("all_quoted", as_csv(quoting=1)),
    Variant("hive", parts, kinds={"spend": "numeric", "region": "categorical"}),
    Variant("columns_turned", two_files(lambda rows: rows[rows.columns[::-1]])),
    Variant(
        "category_and_text", two_files(lambda rows: rows.astype({"plan": "category"}), "parquet")
    ),
    Variant("ints_and_floats", two_files(lambda rows: rows.astype({"tenure": float}), "parquet")),
    Variant("labels_as_floats", numbered_labels),
    Variant("some_labels_empty", some_labels_empty, says=("9 of 900",)),
    Variant(
        "binary_text",
        parquet(lambda table: table.assign(plan=table["plan"].str.encode("utf-8"))),
        kinds={"plan": "categorical"},
        says=("plan",),
    ),
]
COLUMNS = [
    Variant(
        "index_with_gaps",
        with_column("Unnamed: 0", filtered_index, sort=True),
        out=("Unnamed: 0",),
        says=("Unnamed: 0",),
    ),
    Variant(
        "index_in_another_name",
        with_column("nr", filtered_index, sort=True),
        out=("nr",),
        says=("nr",),
    ),
    Variant(
        "customer_id",
        with_column("CustomerID", lambda table: 7590 + chance().permutation(5 * ROWS)[:ROWS]),
        out=("CustomerID",),
        says=("CustomerID",),
    ),
    Variant(
        "customer_text_id",
        with_column(
            "customer", lambda table: [f"C{number:06d}" for number in chance().permutation(ROWS)]
        ),
        out=("customer",),
        says=("customer",),
    ),
    Variant(
        "index_sorted",
        parquet(lambda table: table.sort_values("churned")),
        out=("__index_level_0__",),
        says=("__index_level_0__",),
    ),
    Variant(
        "copy_as_words",
        with_column("status", lambda table: if_left(table, "left", "active")),
        out=("status",),
        says=("status",),
    ),
    Variant(
        "copy_as_numbers",
        with_column(
            "score", lambda table: if_left(table, 0.9, 0.1) + chance().uniform(-0.1, 0.1, ROWS)
        ),
        out=("score",),
        says=("score",),
    ),
    Variant(
        "missing_where_no",
        with_column(
            "reason", lambda table: if_left(table, chance().choice(["price", "moved"], ROWS), "")
        ),
        out=("reason",),
        says=("reason",),
    ),
    Variant(
        "zero_where_no",
        with_column(
            "refund", lambda table: if_left(table, chance().uniform(5, 90, ROWS).round(2), 0)
        ),
        out=("refund",),
        says=("refund",),
    ),
    Variant(
        "leaving_date",
        with_column("left_on", lambda table: if_left(table, days().strftime("%Y-%m-%d"), "")),
        out=("left_on",),
        says=("left_on",),
    ),
    Variant(
        "noise_category",
        with_column(
            "shop", lambda table: [f"s{number}" for number in chance().integers(0, 250, ROWS)]
        ),
        says=("no better than noise", "'shop'"),
        data={"drop": ["plan", "region"]},
        kinds={"shop": "categorical"},
    ),
    Variant(
        "noise_date",
        with_column("day", lambda table: days()),
        kinds={"day": "datetime"},
        says=("no better than noise", "'day'"),
        data={"drop": ["plan", "region"]},
    ),
    Variant(
        "european_dates",
        with_column("day", lambda table: days().strftime("%d/%m/%Y")),
        kinds={"day": "datetime"},
        says=("day",),
    ),
    Variant(
        "american_dates",
        with_column("day", lambda table: days().strftime("%m/%d/%Y")),
        kinds={"day": "datetime"},
        says=("day",),
    ),
    Variant(
        "german_dates",
        with_column("day", lambda table: days().strftime("%d.%m.%y")),
        kinds={"day": "datetime"},
        says=("day",),
    ),
    Variant(
        "dates_in_words",
        with_column("day", lambda table: days().strftime("%b %d, %Y")),
        kinds={"day": "datetime"},
    ),
    Variant(
        "dates_of_logs",
        with_column("at", lambda table: days().strftime("%a %b %d %H:%M:%S %Y")),
        kinds={"at": "datetime"},
    ),
    Variant(
        "months",
        with_column("month", lambda table: days().strftime("%b %Y")),
        kinds={"month": "datetime"},
    ),
    Variant(
        "dates_in_german",
        with_column("day", lambda table: [f"{day.day}. März {day.year}" for day in days()]),
        kinds={"day": "datetime"},
    ),
    Variant(
        "days_of_the_year",
        with_column("day", lambda table: days().strftime("%Y-%j")),
        kinds={"day": "categorical"},
        says=("'day': its values seem to be dates",),
    ),
    Variant(
        "births_of_two_digits",
        with_column("born", lambda table: days().map(lambda day: f"{day:%d/%m/}{day.day + 50}")),
        kinds={"born": "datetime"},
        says=("'born': its years have two digits",),
    ),
    Variant(
        "sentinels",
        with_column("visits", lambda table: table["calls"].where(np.arange(ROWS) % 9 > 0, -999)),
        kinds={"visits": "numeric"},
        says=("'visits'", "as if it stood for a missing value"),
    ),
    Variant(
        "amounts_marked_as_categories",
        parquet(lambda table: table.astype({"spend": "category"})),
        says=("the file marks it as categories",),
    ),
    Variant(
        "decimals",
        parquet(lambda table: table.assign(spend=[Decimal(f"{n:.2f}") for n in table["spend"]])),
    ),
    Variant(
        "weights_with_decimal_commas",
        with_column("weight", lambda table: ["1,5" if row % 2 else "0,75" for row in range(ROWS)]),
        data={"weight": "weight"},
        says=("'weight'", "decimal comma"),
    ),
    Variant(
        "customers_with_several_rows",
        with_column("customer_id", lambda table: chance().permutation(ROWS) // 3),
        kinds={"customer_id": "numeric"},
        says=("'customer_id'", "data.split = group"),
    ),
    Variant(
        "blanks_before_quotes",
        edited(lambda text: text.replace(",", ", "), quoting=1),
    ),
    Variant(
        "iso_with_zone",
        with_column("at", lambda table: days().strftime("%Y-%m-%dT%H:%M:%S+02:00")),
        kinds={"at": "datetime"},
        says=("at",),
    ),
    Variant(
        "durations",
        parquet(lambda table: table.assign(spend=pd.to_timedelta(table["spend"], "s"))),
        kinds={"spend": "duration"},
    ),
    Variant(
        "zip_codes",
        with_column(
            "zip", lambda table: chance().choice(["02134", "10001", "60601", "00501"], ROWS)
        ),
        kinds={"zip": "categorical"},
        says=("zip",),
    ),
    Variant(
        "exponent_codes",
        with_column("code", lambda table: chance().choice(["1E3", "2B7", "3E1", "A10"], ROWS)),
        kinds={"code": "categorical"},
    ),
    Variant(
        "long_codes",
        with_column(
            "code", lambda table: chance().choice(["9007199254740993", "9007199254740995"], ROWS)
        ),
        kinds={"code": "categorical"},
        says=("code",),
    ),
    Variant(
        "typed_codes",
        parquet(lambda table: table.astype({"calls": "category"})),
        kinds={"calls": "categorical"},
    ),
    Variant(
        "yes_no",
        with_column("vip", lambda table: chance().choice(["Yes", "no", "YES"], ROWS)),
        kinds={"vip": "categorical"},
    ),
    Variant(
        "forced_category",
        as_csv(),
        data={"types": {"calls": "category"}},
        kinds={"calls": "categorical"},
    ),
    Variant(
        "ignored",
        with_column("note", lambda table: table["spend"]),
        data={"types": {"note": "ignore"}},
        out=("note",),
    ),
    Variant(
        "kept_id",
        with_column("CustomerID", lambda table: range(1, ROWS + 1)),
        data={"keep": ["CustomerID"]},
        kinds={"CustomerID": "numeric"},
    ),
    Variant(
        "own_marker", spend_missing_as("zero calls"), data={"missing": ["zero calls"]}, least=0.8
    ),
]
VARIANTS = [*NUMBERS, *MISSING, *FILES, *COLUMNS]
