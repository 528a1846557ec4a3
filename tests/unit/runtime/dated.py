"""Models that read dates, instants at random, and the forms in which callers have them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
from hypothesis import strategies as st

from slipstream.runtime import Bundle
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.dates import DateFormat
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision

DAY = 86_400.0
EDGES = {
    "hour": [0.0, 8.5, 17.0, 24.0],
    "weekday": [float(day) for day in range(7)],
    "day": [1.0, 8.0, 15.0, 31.0],
    "month": [float(month) for month in range(1, 13)],
}

INSTANTS = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30)) | st.datetimes(
    datetime(1960, 1, 1), datetime(2060, 1, 1)
)


def date_column(name: str = "when", *, missing: bool = True, **form: Any) -> Column:
    """A fitted date with all its parts."""
    return Column(
        name=name,
        kind="datetime",
        allows_missing=missing,
        edges=np.array([-1000 * DAY, 15_000 * DAY, 20_000 * DAY, 20_001 * DAY]),
        dates=DateFormat(**form),
        parts=tuple(
            Column(name=part, kind="numeric", allows_missing=missing, edges=np.array(edges))
            for part, edges in EDGES.items()
        ),
    )


def number_column(name: str) -> Column:
    """A fitted number."""
    return Column(
        name=name, kind="numeric", allows_missing=True, edges=np.array([0.0, 0.25, 0.5, 1.0])
    )


def dated_model(*columns: Column, precision: Precision = "int8") -> Bundle:
    """A regression of 32 and 32 hidden units with random weights."""
    random = np.random.default_rng(0)
    rows = sum(column.rows for column in lookups(columns))
    made = []
    for index, size in enumerate([(rows, 32), (32, 32), (1, 32)]):
        outputs = size[1] if index == 0 else size[0]
        if precision == "float32":
            weight = random.normal(0, 0.3, size).astype(np.float32)
            made.append(Layer(weight=weight, bias=np.zeros(outputs, np.float32)))
            continue
        made.append(
            Layer(
                weight=random.integers(-127, 128, size, dtype=np.int8),
                bias=random.integers(-1000, 1000, outputs, dtype=np.int32),
                multiplier=np.full(outputs, 1e-5 if index == 0 else 1e-3, np.float32),
            )
        )
    return Bundle(
        precision=precision,
        columns=columns,
        layers=tuple(made),
        classes=(),
        task="regression",
        activation_scales=(1.0, 1.0) if precision == "int8" else (),
    )


def forms_of(instant: datetime) -> list[Any]:
    """One instant, without a zone, in every form that keeps its microseconds."""
    zone = timezone(timedelta(hours=5, minutes=30))
    text = f"{instant:%H:%M:%S}.{instant.microsecond:06}"
    day = f"{instant.year:04}-{instant.month:02}-{instant.day:02}"
    return [
        instant,
        instant.replace(tzinfo=UTC),
        instant.replace(tzinfo=UTC).astimezone(zone),
        np.datetime64(instant),
        f"{day}T{text}",
        f"  {day} {text}Z ",
        f"{day.replace('-', '/')} {text} UTC",
        f"{day}T{text}123+00:00",
        instant.replace(tzinfo=UTC).astimezone(zone).isoformat(),
        f"{day.replace('-', '')}T{text.replace(':', '')}Z",
    ]
