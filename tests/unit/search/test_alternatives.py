from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.store import Store
from slipstream.config.budget import BudgetConfig
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import Snapshot
from slipstream.reporting.tables import alternatives_table
from slipstream.runtime import Predictor, load_file
from slipstream.runtime.bundle import dump
from slipstream.search.alternatives import conclude, measure_alternatives, untrained
from slipstream.search.candidates import Alternative, Alternatives, Candidate
from tests.conftest import Trained, train_on


def test_untrained_models_have_the_size_of_trained_ones(demo: Trained) -> None:
    """Random weights of the run's own shape make files as large as the run's, within digits."""
    rows = Snapshot(demo.dataset, demo.store).rows("test")
    for trained in demo.bundles.variants.values():
        own = load_file(demo.store.path(demo.bundles.float32.file)).bundle
        made = {each.precision: each for each in untrained(own, Candidate(5, (32, 32)), rows)}
        assert made[trained.precision].tensors_bytes == trained.tensors_bytes
        assert len(dump(made[trained.precision])) == pytest.approx(trained.file.size_bytes, abs=64)
    answers = Predictor(made["float32"]).predict(rows)
    assert np.isfinite(answers).all()


def test_untrained_models_have_the_parts_of_a_date(store: Store, tmp_path: Path) -> None:
    """A date's weekday and month have table rows of their own, in random models too."""
    days = pd.date_range("2025-01-01", periods=300).strftime("%Y-%m-%d")
    table = pd.DataFrame({"day": days, "size": range(300), "late": np.arange(300) % 7 > 4})
    table.to_csv(tmp_path / "days.csv", index=False)
    data = {"path": str(tmp_path / "days.csv"), "target": "late"}
    trained = train_on(parse_config({"data": data, "training": {"epochs": 1}}), store)
    own = load_file(store.path(trained.bundles.float32.file)).bundle
    assert any(column.parts for column in own.columns)
    rows = Snapshot(trained.dataset, store).rows("test")
    for made in untrained(own, Candidate(len(own.columns), (32, 32)), rows):
        assert made.tensors_bytes == trained.bundles.variants[made.precision].tensors_bytes
        assert np.isfinite(Predictor(made).predict(rows)).all()


def test_where_nothing_is_smaller_there_is_no_alternative(
    demo: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of one column and one unit is measured, and said to be the smallest."""
    monkeypatch.setattr("slipstream.search.alternatives.SECONDS", 0.05)
    rows = Snapshot(demo.dataset, demo.store).rows("test")
    own = load_file(demo.store.path(demo.bundles.float32.file)).bundle
    smallest, _ = untrained(own, Candidate(1, (1,)), rows)
    file = demo.store.put(dump(smallest), ".safetensors")
    reference = demo.bundles.float32.model_copy(update={"file": file})
    bundles = demo.bundles.model_copy(update={"float32": reference})
    budget = BudgetConfig(size_bytes=1)
    found = measure_alternatives(demo.dataset, demo.mask, bundles, budget, demo.store)
    assert found.measured == ()
    assert found.conclusion == "there is no smaller model to try"
    assert [(row["precision"], row["model"]) for row in alternatives_table(found)] == [
        ("float32", "this run"),
        ("int8", "this run"),
    ]


def alternative(k: int, p99_us: float, bundle_bytes: int, excess: str = "") -> Alternative:
    return Alternative(
        k=k,
        hidden=(8, 4),
        precision="int8",
        latency_p50_us=p99_us / 2,
        latency_p99_us=p99_us,
        bundle_bytes=bundle_bytes,
        excess=excess,
    )


def test_the_conclusion_names_the_largest_that_fits_or_the_closest() -> None:
    """Of those that fit, the largest; where none does, the one that exceeds by least."""
    fits = [alternative(2, 5, 900), alternative(4, 8, 1800), alternative(8, 20, 3000, "p99")]
    budget = BudgetConfig(p99_us=10, size_bytes=2000)
    assert conclude(fits, budget) == (
        "2 of 3 would fit; the largest is int8 with features.k = 4 and model.hidden = [8, 4]"
    )
    none = [alternative(2, 30, 900, "p99"), alternative(4, 20, 4200, "p99, file")]
    assert conclude(none, budget) == (
        "none would fit; int8 with features.k = 4 and model.hidden = [8, 4] is closest, 2.1 x over"
    )
    assert conclude([], budget) == "there is no smaller model to try"
    own = (alternative(16, 40, 6000, "p99"),)
    rows = alternatives_table(Alternatives(own=own, measured=tuple(fits), conclusion=""))
    assert [row["budget"] for row in rows] == ["no: p99", "fits", "fits", "no: p99"]
    assert [row["model"] for row in rows] == ["this run", *["smaller"] * 3]
