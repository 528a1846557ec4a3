"""A skewed number may be learned as its logarithm: when it is tried, and the way back."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import ScaleTrial
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, WEIGHT, Snapshot
from slipstream.export.onnx_graph import to_onnx
from slipstream.features.notes import noise_notes
from slipstream.pyfunc import BundleModel
from slipstream.runtime import InputError, Predictor, load_file
from slipstream.runtime.links import apply
from slipstream.training.losses import OBJECTIVES
from slipstream.training.scales import scales_to_try, sentence, skewness, smearing
from tests.conftest import Trained, train_on

RANDOM = np.random.default_rng(12)
ROWS = 2000
NORMAL = RANDOM.normal(size=ROWS)
REGRESSION = OBJECTIVES["regression"]
PLAIN, BOTH = ("identity",), ("identity", "log1p")
residual_lists = st.lists(st.floats(-6, 6), min_size=1, max_size=40)


def table(target: np.ndarray, weights: np.ndarray | None = None) -> pd.DataFrame:
    return pd.DataFrame({TARGET: target} | ({} if weights is None else {WEIGHT: weights}))


@given(residual_lists, st.floats(-5, 20), st.data())
def test_the_way_back_is_unbiased(residuals: list[float], z: float, data: st.DataObject) -> None:
    """What is answered for log(1 + y) = z is the weighted mean of exp(z + e) - 1 over residuals."""
    errors = np.array(residuals)
    sizes = st.lists(st.floats(0.01, 50), min_size=len(errors), max_size=len(errors))
    weights = np.array(data.draw(sizes))
    answer = apply("expm1", np.array([[z + smearing(errors, weights)]]))[0, 0]
    expected = np.average(np.exp(z + errors), weights=weights) - 1
    assert answer == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(residual_lists)
def test_a_weight_of_two_counts_as_two_rows(residuals: list[float]) -> None:
    """The first row, counted twice, weighs twice."""
    weights = np.array([2.0, *([1.0] * (len(residuals) - 1))])
    twice = smearing(np.array([residuals[0], *residuals]))
    assert smearing(np.array(residuals), weights) == pytest.approx(twice)


def test_residuals_of_any_size_have_a_finite_factor() -> None:
    """Neither a huge nor a hopeless residual overflows; no error at all changes nothing."""
    assert smearing(np.array([5000.0, 0.0])) == pytest.approx(5000 - math.log(2))
    assert smearing(np.full(3, -5000.0)) == pytest.approx(-5000)
    assert smearing(np.zeros(4)) == 0


def test_skewness_is_the_third_standardised_moment() -> None:
    """As SciPy has it; a constant has none; weights count as rows do."""
    from scipy import stats

    values = np.exp(NORMAL)
    assert skewness(values) == pytest.approx(stats.skew(values))
    assert skewness(np.full(5, 3.0)) == 0
    weighted = skewness(values, np.where(np.arange(ROWS) < 3, 2.0, 1.0))
    assert weighted == pytest.approx(stats.skew(np.r_[values[:3], values]))


@pytest.mark.parametrize(
    ("target", "tried"),
    [
        (np.exp(8 + NORMAL), BOTH),  # prices
        (RANDOM.exponential(30, ROWS), BOTH),  # durations
        (RANDOM.poisson(np.exp(1 + NORMAL)), BOTH),  # counts
        (np.exp(NORMAL) - 0.999, BOTH),  # some below 0, above -1
        (np.exp(50 + NORMAL), BOTH),
        (100 + 15 * NORMAL, PLAIN),
        (RANDOM.uniform(0, 1000, ROWS), PLAIN),
        (1000 - np.exp(NORMAL), PLAIN),  # skewed to the left
        (np.exp(5 + NORMAL) - 200, PLAIN),  # some below -1
        (np.r_[-1.0, np.exp(5 + NORMAL)], PLAIN),  # -1 itself
        (-np.exp(NORMAL), PLAIN),
        (np.exp(-6 + NORMAL), PLAIN),  # so small that log(1 + y) is y
        (np.where(NORMAL > 2, 1.0, 0.0), PLAIN),  # two values stay two
    ],
)
def test_logarithms_are_tried_where_they_take_the_skewness_out(
    target: np.ndarray, tried: tuple[str, ...]
) -> None:
    """A target above -1, skewed to the right, whose logarithms are at most half as skewed."""
    rows = table(target)
    assert scales_to_try(REGRESSION, TrainingConfig(), rows, rows) == tried


def test_validation_rows_must_have_logarithms_too() -> None:
    """One of them at -1 or below is enough not to try."""
    rows = table(np.exp(8 + NORMAL))
    assert scales_to_try(REGRESSION, TrainingConfig(), rows, table(np.array([3.0, -2.0]))) == PLAIN


def test_skewness_counts_rows_by_their_weight() -> None:
    """A tail of rows that hardly count is no tail."""
    target = np.r_[100 + NORMAL, np.exp(8 + NORMAL)]
    weights = np.repeat([1.0, 1e-30], ROWS)
    assert scales_to_try(REGRESSION, TrainingConfig(), *[table(target)] * 2) == BOTH
    assert scales_to_try(REGRESSION, TrainingConfig(), *[table(target, weights)] * 2) == PLAIN


@pytest.mark.parametrize("scale", ["identity", "log1p"])
def test_the_config_decides_where_it_says_so(scale: str) -> None:
    """One network is trained, whatever the target looks like."""
    settings = TrainingConfig(target_scale=scale)
    for target in (np.exp(8 + NORMAL), 100 + NORMAL):
        assert scales_to_try(REGRESSION, settings, *[table(target)] * 2) == (scale,)


def test_logarithms_that_do_not_exist_are_refused() -> None:
    """With a target at -1 or below, of labels or of quantiles; none of these is tried unasked."""
    settings = TrainingConfig(target_scale="log1p")
    rows, others = table(np.array([1.0, -1.0, 5.0])), table(np.array([-9.0, 2.0]))
    with pytest.raises(InputError, match="above -1 for training.target_scale = log1p, .*: 2 rows"):
        scales_to_try(REGRESSION, settings, rows, others)
    skewed = table(np.exp(NORMAL))
    for task in ("binary", "multiclass", "quantiles"):
        assert scales_to_try(OBJECTIVES[task], TrainingConfig(), skewed, skewed) == PLAIN
        with pytest.raises(InputError, match="unless one number is predicted"):
            scales_to_try(OBJECTIVES[task], settings, skewed, skewed)


def test_the_sentence_has_both_figures() -> None:
    """Which scale was kept, and the RMSE of either."""
    trial = ScaleTrial(skewness=4.318, val_rmse={"identity": 1234.567, "log1p": 1100})
    assert sentence(trial, "log1p") == (
        "the target has a skewness of 4.32; training on log(1 + target) is kept: it lowers the "
        "validation RMSE from 1,234.6 to 1,100"
    )
    assert sentence(trial, "identity").endswith(
        "is not kept: its validation RMSE is 1,100, and without it 1,234.6"
    )


def train(folder: Path, frame: pd.DataFrame, **data: str) -> Trained:
    frame.to_csv(folder / "table.csv", index=False)
    config = {
        "data": {"path": str(folder / "table.csv"), "target": "y", "task": "regression", **data},
        "model": {"hidden": [16, 8]},
    }
    return train_on(parse_config(config), Store(folder / "store"))


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Prices that factors multiply, each by chance up to a few times too high or too low."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(ROWS, 4)), columns=list("abcd"))
    frame["y"] = np.exp(8 + 0.6 * frame.sum(axis=1) + 0.5 * random.normal(size=ROWS)).round(2)
    return train(tmp_path_factory.mktemp("prices"), frame)


def test_prices_are_learned_as_logarithms(prices: Trained) -> None:
    """The lower RMSE on the validation part is the one that is kept, and said."""
    network = prices.network
    assert network.trial is not None
    errors = network.trial.val_rmse
    assert errors["log1p"] < 0.9 * errors["identity"]
    assert network.target_scale == "log1p"
    assert network.warnings == (sentence(network.trial, "log1p"),)


def test_both_variants_answer_in_the_target_s_unit(prices: Trained) -> None:
    """The figure of the trial is that of the float32 file; int8 adds little; neither is biased."""
    snapshot = Snapshot(prices.dataset, prices.store)
    rows, target = snapshot.rows("validation"), snapshot.target("validation").to_numpy()
    float32, int8 = (
        load_file(prices.store.path(prices.bundles.variants[each].file))
        for each in ("float32", "int8")
    )
    rmse = [math.sqrt(np.square(each.predict(rows) - target).mean()) for each in (float32, int8)]
    assert prices.network.trial is not None
    assert rmse[0] == pytest.approx(prices.network.trial.val_rmse["log1p"], rel=1e-4)
    assert rmse[1] == pytest.approx(rmse[0], rel=0.02)
    train = snapshot.target("train").to_numpy()
    for model in (float32, int8):
        assert model.predict(snapshot.rows("train")).mean() == pytest.approx(train.mean(), rel=0.08)


def test_every_way_to_ask_answers_alike(prices: Trained) -> None:
    """Odd rows too: one by one, as a list, a frame and MLflow's model, and in numpy and ONNX."""
    random = np.random.default_rng(6)
    odd = random.choice([math.inf, -math.inf, 1e300, -1e300, 0.0, 5e-324, 30000], (600, 4))
    usual = Snapshot(prices.dataset, prices.store).rows("test")
    float32, int8 = (
        load_file(prices.store.path(prices.bundles.variants[each].file))
        for each in ("float32", "int8")
    )
    frame = pd.DataFrame(np.r_[usual[int8.features].to_numpy(), odd], columns=int8.features)
    rows = frame.to_numpy().tolist()
    for model in (float32, int8):
        answers = model.predict(rows)
        assert np.isfinite(answers).all()
        assert [model.predict_one(row) for row in rows] == answers.tolist()
        assert model.predict(frame).tobytes() == answers.tobytes()
        assert BundleModel(model).predict(frame).tobytes() == answers.tobytes()
        in_numpy = Predictor(model.bundle, backend="numpy").predict(frame)
        np.testing.assert_allclose(in_numpy, answers, rtol=0 if model is int8 else 1e-5)
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(to_onnx(float32.bundle))
    fed = {name: frame[name].to_numpy()[:, None] for name in frame}
    (found,) = session.run(None, fed)
    np.testing.assert_allclose(found[:, 0], float32.predict(frame), rtol=1e-5)


def test_the_baseline_learns_the_same_scale(prices: Trained) -> None:
    """So that a step of the waterfall changes one thing only."""
    model = load_file(prices.store.path(prices.baseline.all_columns.file))
    assert model.bundle.target_scale == "log1p"
    rows = Snapshot(prices.dataset, prices.store).rows("test")
    own = load_file(prices.store.path(prices.bundles.float32.file)).predict(rows)
    assert np.corrcoef(np.log1p(model.predict(rows)), np.log1p(own))[0, 1] > 0.9


def test_rows_count_by_their_weight_in_the_way_back(tmp_path: Path) -> None:
    """Where nothing explains the target, its weighted mean is answered, not its median."""
    random = np.random.default_rng(3)
    dear = random.random(ROWS) < 0.5
    frame = pd.DataFrame({"a": random.normal(size=ROWS), "w": np.where(dear, 1, 9)})
    frame["y"] = np.where(dear, 999, 9) * random.uniform(0.9, 1.1, ROWS)
    made = train(tmp_path, frame, weight="w")
    answer = forced(made).predict(frame[["a"]]).mean()  # a row's own is what chance made of it
    assert answer == pytest.approx(np.average(frame["y"], weights=frame["w"]), rel=0.15)


def forced(made: Trained) -> Predictor:
    """The float32 model of the same table, learned as logarithms whatever is better."""
    training = made.config.training.model_copy(update={"target_scale": "log1p"})
    config = made.config.model_copy(update={"training": training})
    again = train_on(config, made.store)
    assert again.network.trial is None
    assert again.network.target_scale == "log1p"
    return load_file(again.store.path(again.bundles.float32.file))


def test_a_symmetric_target_is_trained_once(tmp_path: Path) -> None:
    """Nothing is tried, nothing said, and the file names no scale."""
    random = np.random.default_rng(4)
    frame = pd.DataFrame(random.normal(size=(600, 2)), columns=list("ab"))
    frame["y"] = (100 + 20 * frame["a"] + random.normal(size=600)).round(3)
    made = train(tmp_path, frame)
    assert (made.network.target_scale, made.network.trial) == ("identity", None)
    assert made.network.warnings == tuple(noise_notes(made.mask))
    assert b"target_scale" not in made.store.get(made.bundles.int8.file)
