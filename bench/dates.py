"""What a raw date costs beyond a number, from Python: `python -m bench.dates`.

One model reads five numbers and a date with all its parts, the other six numbers; all else is the
same. Both answer dicts, one at a time, and frames of 1,000 rows. The date comes in every form that
callers have. Arms take turns in one process, in blocks; the model of numbers is there twice, and
how far those two differ is the noise floor. `SLIPSTREAM_ISA` selects the instruction set.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from slipstream.measurement import intervals
from slipstream.measurement.harness import Arm, Blocks, time_hot
from slipstream.measurement.timing import Times, quiet_process, time_block
from slipstream.runtime import Bundle, Predictor, native
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.dates import DateFormat
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision

__all__ = ["main"]

NUMBERS = 5
BINS = 16
HIDDEN = (32, 32)
ROWS = 512  # their values stay in the second-level cache, as what has just been parsed does
TABLE_ROWS = 1000
ROUNDS = 60
BLOCKS = Blocks(calls=1000, seconds=0.02)
DAY_SECONDS = 86_400
START = datetime(2024, 1, 1)
PARTS: Mapping[str, Sequence[float]] = {
    "hour": np.linspace(0, 24, BINS + 1).tolist(),
    "weekday": range(7),
    "day": np.linspace(1, 31, BINS + 1).tolist(),
    "month": range(1, 13),
}
FORMS: Mapping[str, Callable[[datetime], Any]] = {
    "datetime": lambda moment: moment,
    "datetime in UTC": lambda moment: moment.replace(tzinfo=UTC),
    "date": lambda moment: moment.date(),
    "ISO text, seconds": lambda moment: moment.replace(microsecond=0).isoformat(),
    "ISO text, microseconds": lambda moment: moment.isoformat(),
    "datetime64[us]": lambda moment: np.datetime64(moment, "us"),
    "datetime64[ns]": lambda moment: np.datetime64(moment, "ns"),
    "pandas.Timestamp": pd.Timestamp,
}


def main() -> None:
    """Measure both precisions, and print what each form costs more than a number."""
    random = np.random.default_rng(0)
    seconds = random.uniform(0, 700 * DAY_SECONDS, ROWS)
    moments = [START + timedelta(seconds=each) for each in seconds.tolist()]
    print(f"ns a row on {native.instruction_set or 'numpy'}, more than a number; 95 % intervals")
    for precision in ("float32", "int8"):
        numbers, dated = (Predictor(_bundle(precision, is_dated)) for is_dated in (False, True))
        again = Predictor(_bundle(precision, dated=False))
        for what, arms in (
            ("dict", _row_arms(numbers, again, dated, moments)),
            (f"frame of {TABLE_ROWS:,}", _frame_arms(numbers, again, dated, moments)),
        ):
            with quiet_process():
                times = time_hot(list(arms.values()), range(ROUNDS), BLOCKS, time_block)
            rows = TABLE_ROWS if what != "dict" else 1
            _show(f"{precision}, {what}", dict(zip(arms, times, strict=True)), rows)


def _show(title: str, times: Mapping[str, Times], rows: int) -> None:
    medians_ns = {name: 1e3 / rows * intervals.quantiles(each, 0.5) for name, each in times.items()}
    base = medians_ns.pop("number")
    print(f"\n{title}: a number {intervals.interval(base):.0f}")
    for name, each in medians_ns.items():
        print(f"  {name:<24} {intervals.interval(each - base):+.1f}")


def _row_arms(
    numbers: Predictor, again: Predictor, dated: Predictor, moments: Sequence[datetime]
) -> dict[str, Arm]:
    def arm(model: Predictor, values: Sequence[Any]) -> Arm:
        rows = [_row(index, value) for index, value in enumerate(values)]
        return Arm(model.predict_one, lambda index: dict(rows[index]), rows=len(rows))

    plain = np.random.default_rng(1).random(len(moments)).tolist()
    forms = {name: arm(dated, [form(each) for each in moments]) for name, form in FORMS.items()}
    return {"number": arm(numbers, plain), "the same again": arm(again, plain), **forms}


def _frame_arms(
    numbers: Predictor, again: Predictor, dated: Predictor, moments: Sequence[datetime]
) -> dict[str, Arm]:
    def arm(model: Predictor, column: pd.Series) -> Arm:
        rows = pd.DataFrame([_row(index, 0.5) for index in range(TABLE_ROWS)])
        table = rows.assign(when=column.head(TABLE_ROWS))
        return Arm(model.predict, lambda _: table, rows=ROWS)

    plain = pd.Series(np.random.default_rng(1).random(len(moments)))
    forms = {
        "datetime64[us]": arm(dated, pd.Series(moments).astype("M8[us]")),
        "datetime64[ns]": arm(dated, pd.Series(moments).astype("M8[ns]")),
        "datetime objects": arm(dated, pd.Series(moments, dtype=object)),
        "ISO text as objects": arm(dated, pd.Series([_text(m) for m in moments], dtype=object)),
    }
    return {"number": arm(numbers, plain), "the same again": arm(again, plain), **forms}


def _text(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _row(index: int, value: Any) -> dict[str, Any]:
    random = np.random.default_rng(index)
    return {**{f"x{each}": float(random.random()) for each in range(NUMBERS)}, "when": value}


def _bundle(precision: Precision, dated: bool) -> Bundle:
    """A regression of random weights whose last column is a date or a number."""
    random = np.random.default_rng(0)
    columns = [_number(f"x{each}") for each in range(NUMBERS)]
    columns.append(_date() if dated else _number("when"))
    rows = sum(column.rows for column in lookups(columns))
    sizes = [(rows, HIDDEN[0]), (HIDDEN[1], HIDDEN[0]), (1, HIDDEN[1])]
    layers = [_layer(size, index, precision, random) for index, size in enumerate(sizes)]
    return Bundle(
        precision=precision,
        columns=tuple(columns),
        layers=tuple(layers),
        classes=(),
        task="regression",
        activation_scales=(1.0, 1.0) if precision == "int8" else (),
    )


def _number(name: str) -> Column:
    edges = np.linspace(0, 1, BINS + 1)
    return Column(name=name, kind="numeric", allows_missing=True, edges=edges)


def _date() -> Column:
    start = START.timestamp()
    return Column(
        name="when",
        kind="datetime",
        allows_missing=True,
        edges=start + np.linspace(0, 700, BINS + 1) * DAY_SECONDS,
        dates=DateFormat(),
        parts=tuple(
            Column(name=part, kind="numeric", allows_missing=True, edges=np.array(edges, float))
            for part, edges in PARTS.items()
        ),
    )


def _layer(
    size: tuple[int, int], index: int, precision: Precision, random: np.random.Generator
) -> Layer:
    outputs = size[1] if index == 0 else size[0]
    if precision == "float32":
        weight = random.normal(0, 0.3, size).astype(np.float32)
        return Layer(weight=weight, bias=np.zeros(outputs, np.float32))
    return Layer(
        weight=random.integers(-127, 128, size, dtype=np.int8),
        bias=np.zeros(outputs, np.int32),
        multiplier=np.full(outputs, 1e-5 if index == 0 else 1e-3, np.float32),
    )


if __name__ == "__main__":
    main()
