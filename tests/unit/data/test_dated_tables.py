"""Tables with dates from ingest to the mask: splits, types that a user gives, and scores."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.config.features import FeaturesConfig
from slipstream.data.ingestion import ingest
from slipstream.data.instants import instants
from slipstream.data.schema import infer
from slipstream.data.splitting import hash_rows, hashed_columns
from slipstream.features.notes import column_notes
from slipstream.features.preprocessing import load_columns, preprocess
from slipstream.features.selection import select
from slipstream.runtime import InputError

RANDOM = np.random.default_rng(3)
MOMENTS = [datetime(2024, 1, 1) + timedelta(minutes=17 * row) for row in range(600)]


def test_typed_dates_decide_a_row_s_part_by_their_instant() -> None:
    """One instant hashes alike in every unit and type; another one differs."""
    tables = [
        pa.table({"when": pa.array(MOMENTS, pa.timestamp(unit, zone))})
        for unit, zone in (("s", None), ("ns", None), ("us", "Asia/Tokyo"))
    ]
    hashes = [hash_rows(table, hashed_columns(table, left_out=())) for table in tables]
    assert all(hashed_columns(table, left_out=()) == ("when",) for table in tables)
    assert (hashes[0] == hashes[1]).all()
    assert (hashes[0] == hashes[2]).all()
    assert len(np.unique(hashes[0])) == len(MOMENTS)


def test_a_user_can_say_that_a_column_holds_dates() -> None:
    """Epoch numbers become dates; what is no date at all is refused with its column."""
    seconds = pa.array([int((moment - datetime(1970, 1, 1)).total_seconds()) for moment in MOMENTS])
    table = pa.table({"at": seconds, "word": ["a", "b"] * 300})
    found = infer(table, types={"at": "datetime"})
    assert found.frame["at"].tolist() == MOMENTS
    with pytest.raises(InputError, match="'word' must be what data.types says, datetime"):
        infer(table, types={"word": "datetime"})


def test_rows_can_be_split_by_dates_in_any_layout() -> None:
    """The column that splits by time may have the day first."""
    texts = pa.chunked_array([[f"{moment:%d/%m/%Y %H:%M}" for moment in MOMENTS]])
    assert instants("when", texts)[0].tolist() == MOMENTS


def test_a_date_that_decides_ranks_first_and_noise_does_not(store: Store) -> None:
    """A change on one day is the best column; a random date is not kept."""
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta(RANDOM.integers(0, 500, 900), "D")
    noise = pd.to_datetime("2024-01-01") + pd.to_timedelta(RANDOM.random(900) * 500, "D")
    label = (days >= "2024-11-01").astype(int) ^ (RANDOM.random(900) < 0.1)
    path = store.folder.parent / "rows.parquet"
    frame = pd.DataFrame({"noise": noise, "x": RANDOM.normal(size=900), "on": days, "y": label})
    frame.to_parquet(path)
    dataset = ingest(DataConfig(path=str(path), target="y"), store)
    features = FeaturesConfig(method="mutual_info")
    prepared = preprocess(dataset, "piecewise", 16, store)
    mask = select(prepared, features, store)
    assert mask.features == ["on"]
    (note,) = column_notes(mask, prepared, load_columns(prepared, store), 8)
    assert "'on' is a date or time; the model learns its trend" in note
