"""The steps in words, the parts by difference, and the alternatives to what does not fit."""

import numpy as np
import pytest

from slipstream.config.budget import BudgetConfig
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation import baseline
from slipstream.evaluation.judging import Rules
from slipstream.evaluation.results import WaterfallStep
from slipstream.evaluation.waterfall import judge
from slipstream.measurement.breakdown import _differences, parts, truncated
from slipstream.measurement.intervals import Interval
from slipstream.reporting.tables import alternatives_table
from slipstream.runtime import Predictor, load_file
from slipstream.runtime.bundle import dump, parse
from slipstream.search.alternatives import conclude, measure_alternatives, untrained
from slipstream.search.candidates import Alternative, Alternatives, Candidate, candidates
from tests.conftest import Trained

RULES = Rules(Interval(estimate=1.0, low=0.98, high=1.01), timer_us=0.005, max_score_loss=0.01)


def interval(estimate: float, half: float = 0.0) -> Interval:
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def step(
    weights_bytes: int = 100,
    p50_us: float = 1,
    p50_ratio: Interval | None = None,
    log_loss: Interval | None = None,
) -> WaterfallStep:
    changes = {"test_auc": interval(0.0), "test_log_loss": log_loss} if log_loss else {}
    return WaterfallStep(
        name="int8",
        network="2-4-1",
        latency_p50_us=p50_us,
        weights_bytes=weights_bytes,
        test_accuracy=0.9,
        test_auc=0.9,
        test_log_loss=0.3,
        p50_ratio=p50_ratio,
        score_changes=changes,
    )


@pytest.mark.parametrize(
    ("ratio", "increase", "helped", "remark"),
    [
        ((0.5, 0.1), (0, 0.1), True, "4 x smaller; 2 x faster (p50 x 0.50 [0.40, 0.60]); no loss"),
        ((0.5, 0.1), (-0.2, 0.1), True, "4 x smaller; 2 x faster (p50 x 0.50 [0.40, 0.60]); score"),
        ((0.5, 0.1), (0.2, 0.1), False, "cost score: 4 x smaller; 2 x faster"),
        ((0.99, 0.005), (0, 0.1), True, "4 x smaller; as fast within the noise (p50 x 0.99 ["),
        ((0.9, 0.2), (0.2, 0.1), False, "cost score: 4 x smaller; as fast within the noise"),
        ((1.004, 0.001), (0, 0), True, "4 x smaller; as fast: the difference, 0.004 µs, is below"),
        ((1.04, 0.005), (0, 0), True, "4 x smaller; at most 5 % slower, which is allowed (p50 x"),
        ((1.3, 0.1), (0.2, 0.1), False, "did not help: 4 x smaller; 1.3 x slower (p50 x 1.30 ["),
    ],
)
def test_a_step_helps_if_it_is_faster_or_smaller_and_keeps_the_score(
    ratio: tuple, increase: tuple, helped: bool, remark: str
) -> None:
    """Words follow the intervals: within noise is not faster, an increase around zero not worse."""
    after = step(25, ratio[0], p50_ratio=interval(*ratio), log_loss=interval(*increase))
    judged = judge(after, step(100), RULES)
    assert judged.helped is helped
    assert judged.remark.startswith(remark)


@pytest.mark.parametrize(
    ("increase", "allowed", "helped", "words"),
    [
        ((0.00004, 0.00003), None, True, "same score (AUC and log-loss differ by less than 0.001)"),
        ((0.004, 0.001), None, False, "score lost (AUC +0.0000"),
        ((0.004, 0.001), 0.01, True, "score lost within the 0.01 allowed (AUC"),
        ((0.004, 0.02), 0.01, False, "more score than the 0.01 allowed may be lost (AUC"),
        ((0.03, 0.01), 0.01, False, "more score than the 0.01 allowed is lost (AUC"),
        ((-0.004, 0.001), 0.01, True, "score gained (AUC"),
    ],
)
def test_an_allowed_loss_is_not_a_fault(
    increase: tuple, allowed: float | None, helped: bool, words: str
) -> None:
    """The remark on int8 follows the verdict's tolerance; what is too small is the same."""
    after = step(25, 0.5, p50_ratio=interval(0.5, 0.1), log_loss=interval(*increase))
    judged = judge(after, step(100), RULES, allowed)
    assert judged.helped is helped
    assert words in judged.remark
    assert ("cost score" in judged.remark) is not helped


def test_a_mask_that_keeps_everything_is_said_to() -> None:
    """Where the mask keeps every column, the step changes nothing, and says so."""
    same = step(p50_ratio=interval(1.0), log_loss=interval(0.0))
    judged = judge(same, step(), RULES)
    assert judged.remark == "did not help: no column was left out"
    assert not judged.helped


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_models_cut_short_are_models(mixed: Trained, precision: str) -> None:
    """Each answers rows, could be written as a bundle, and differs from the next by one part."""
    bundle = load_file(mixed.store.path(getattr(mixed.bundles, precision).file)).bundle
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    chain = truncated(bundle)
    widths = {
        name: (len(each.columns), *(len(layer.bias) for layer in each.layers))
        for name, each in chain.items()
    }
    assert widths == {
        "smallest": (1, 1, 1),
        "columns": (4, 1, 1),
        "first": (4, 16, 1),
        "whole": (4, 16, 8, 1),
        "two": (4, 16, 8, 2),
        "three": (4, 16, 8, 3),
    }
    for each in chain.values():
        predictor = Predictor(parse(dump(each)))
        answer = np.atleast_1d(predictor.predict_one(rows.iloc[0]))
        assert len(answer) == len(each.layers[-1].bias)
        assert ((answer >= 0) & (answer <= 1)).all()


def test_parts_add_up_to_a_prediction() -> None:
    """Each part is what a step adds in the same block, whatever else slows a block down."""
    slower = np.array([0.0, 1.0, 5.0])  # a block's calls all take so much more
    whole = {"smallest": 3.0, "columns": 4.0, "first": 6.0, "whole": 11.0, "two": 12, "three": 12.5}
    found = _differences({name: us + slower for name, us in whole.items()})
    assert {part: each.estimate for part, each in found.items()} == {
        "call": pytest.approx(3.5),
        "look-up": 1,
        "first layer": 2,
        "hidden layers": 5,
        "output": 0.5,
    }
    assert sum(each.estimate for each in found.values()) == pytest.approx(11 + 1)  # the whole's


def test_parts_are_measured(mixed: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's own parts are the five, each with its interval."""
    monkeypatch.setattr("slipstream.measurement.breakdown.SECONDS", 0.1)
    wide = load_file(mixed.store.path(mixed.baseline.all_columns.file))
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    measured = parts({"float32": wide}, rows)["float32"]
    assert list(measured) == ["call", "look-up", "first layer", "hidden layers", "output"]
    for each in measured.values():
        assert each.low <= each.estimate <= each.high


def test_the_baseline_reads_all_columns_and_then_the_mask(demo: Trained) -> None:
    """The same wide network on ten columns, and on the five that the mask keeps."""
    wide = demo.baseline
    assert wide.shape == "network 10-256-256-1"
    every, kept = (
        load_file(demo.store.path(each.file)) for each in (wide.all_columns, wide.kept_columns)
    )
    assert len(every.features) == 10
    assert kept.features == demo.mask.features
    assert every.precision == kept.precision == "float32"


def test_the_baselines_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table gets all epochs, a large one the fewest."""
    settings = baseline._settings
    assert settings(6000).epochs == baseline.TRAINING.epochs
    assert settings(1 << 24).epochs == baseline.LEAST_EPOCHS


def test_candidates_are_smaller_and_distinct() -> None:
    """Fewer columns, narrower layers, one layer fewer: every combination but the run's own."""
    found = candidates(5, [32, 32])
    assert len(found) == len(set(found)) == 11
    assert Candidate(5, (32, 32)) not in found
    assert {each.k for each in found} == {5, 2, 1}
    assert {each.hidden for each in found} == {(32, 32), (16, 16), (8, 8), (32,)}
    assert candidates(1, [1]) == ()
    assert candidates(1, [2]) == (Candidate(1, (1,)),)


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
