"""Numbers that may be dates are pointed out by name and by size."""

import numpy as np
import pyarrow as pa
import pytest

from slipstream.data.schema import infer

RANDOM = np.random.default_rng(6)
SECONDS = RANDOM.integers(1_600_000_000, 1_760_000_000, 300)
AMOUNTS = RANDOM.lognormal(3, 1, 300)


def notes_on(name: str, values: object, **types: str) -> tuple[str, str]:
    """The kind of a column, empty if it is left out, and the notes on it."""
    found = infer(pa.table({name: pa.array(values), "z": pa.array(AMOUNTS)}), types=types)
    kind = next((each.kind for each in found.columns if each.name == name), "")
    return kind, " | ".join(each for each in found.warnings if repr(name) in each)


@pytest.mark.parametrize(
    ("name", "scale", "unit"),
    [
        ("timestamp", 1, "seconds"),
        ("created_at", 1, "seconds"),
        ("eventTime", 1000, "milliseconds"),
        ("updatedAt", 10**3, "milliseconds"),
        ("ts", 10**6, "microseconds"),
        ("EPOCH", 10**9, "nanoseconds"),
        ("order date", 1, "seconds"),
    ],
)
def test_epoch_numbers_are_pointed_out(name: str, scale: int, unit: str) -> None:
    """As numbers or as text, in every unit, with what reads them as dates."""
    for values in (SECONDS * scale, (SECONDS * scale).astype(str)):
        _, notes = notes_on(name, values)
        assert f"its numbers look like {unit} since 1970" in notes
        assert "data.types = datetime reads them" in notes
        assert notes_on(name, values, **{name: "datetime"})[0] == "datetime"


def test_days_of_a_spreadsheet_are_pointed_out() -> None:
    """Where a column is named like a date, with what to do about them."""
    days = RANDOM.integers(43_000, 46_000, 300)
    for values in (days, days + RANDOM.random(300).round(3), days.astype(str)):
        kind, notes = notes_on("order_date", values)
        assert kind == "numeric"
        assert "look like a spreadsheet's days since 1899-12-30" in notes
    assert "spreadsheet" not in notes_on("updates", days)[1]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("customer", SECONDS),
        ("balance", SECONDS * 1000),
        ("timeout", AMOUNTS),
        ("date_count", AMOUNTS * 1000),
        ("time", RANDOM.integers(0, 86400, 300)),
        ("timestamp", [1_600_000_000.0, 1_700_000_000.0, 1_700_000_001.0] * 100),
        ("created", np.r_[SECONDS[:-1], -1]),
    ],
)
def test_other_numbers_are_left_alone(name: str, values: object) -> None:
    """Neither the name alone nor the size alone makes a date, nor do a few numbers."""
    assert "look like" not in notes_on(name, values)[1]
