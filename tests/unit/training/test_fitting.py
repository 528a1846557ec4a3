import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, Snapshot
from slipstream.features.preprocessing import normalise, selected_columns
from slipstream.quantization.folding import fold
from slipstream.runtime import Bundle, InputError, Predictor, load_file
from slipstream.runtime.columns import Column
from slipstream.runtime.types import Task
from slipstream.training.batches import Batch, Standard, TrainingData, inputs_of
from slipstream.training.encoding import (
    column_states,
    frequencies,
    positions,
    states,
)
from slipstream.training.losses import OBJECTIVES, objective_of
from slipstream.training.network import Network
from slipstream.training.optimisation import Lesson, fit
from slipstream.training.reading import encode
from tests.conftest import Trained, train_on
from tests.unit.networks import columns, rows_of


def encode_plainly(column: Column, value: object, observed: np.ndarray, mean: np.ndarray):
    """The input vector of one raw value, as the paper's equation 1 has it; unseen: the mean."""
    if column.edges is not None:
        bins = len(column.edges) - 1
        if value is None or value != value:
            return np.r_[np.zeros(bins), 1.0] if observed[-1] else mean
        low, high = column.edges[:-1], column.edges[1:]
        inside = np.clip((np.clip(value, low[0], high[-1]) - low) / (high - low), 0, 1)
        return np.r_[inside, 0.0] if observed[-1] else inside
    known = column.categories
    name = value if value is None or value in known else value.strip()
    code = len(known) + 1 if name is None else known.index(name) if name in known else len(known)
    return np.eye(column.rows)[code][observed] if observed[code] else mean


@given(st.data())
def test_the_folded_bundle_equals_the_network(data: st.DataObject) -> None:
    """The bundle on raw values answers as plain layers on plainly encoded values, within 1e-5."""
    fitted = data.draw(columns(most=4))
    rows = data.draw(rows_of(fitted))
    train = data.draw(rows_of(fitted, most=12))
    prepared = pd.DataFrame(
        {
            column.name: normalise(column, pd.Series([row[index] for row in train], dtype=object))
            for index, column in enumerate(fitted)
        }
    )
    shares = frequencies(fitted, positions(fitted, prepared))
    torch.manual_seed(data.draw(st.integers(0, 1000)))
    network = Network(states(fitted, shares), [16, 8, 1])
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    tensors["table"] = network.table().detach().numpy()
    bundle = Bundle(
        precision="float32",
        columns=tuple(fitted),
        layers=fold(tensors),
        classes=("no", "yes"),
    )
    *_, logits = Predictor(bundle).layers(rows)

    encoded = []
    for row in rows:
        parts = []
        for column, value, used in zip(fitted, row, shares, strict=True):
            vectors = column_states(column, used)
            seen = (
                used > 0
                if column.edges is None
                else np.r_[[True] * (column.rows - 1), used[-1] > 0]
            )
            parts.append(encode_plainly(column, value, seen, used @ vectors))
            parts[-1] = parts[-1] - used @ vectors  # centred by the training rows' mean
        encoded.append(np.concatenate(parts))
    layer = torch.from_numpy(np.array(encoded)).float()
    layer = network.first(layer)
    for each in network.rest:
        layer = each(torch.relu(layer))
    np.testing.assert_allclose(logits, layer.detach().numpy(), rtol=0, atol=1e-5)


def test_the_trained_bundle_equals_the_trained_network(mixed: Trained) -> None:
    """End to end: raw test rows through the float32 bundle, prepared ones through torch."""
    from safetensors.numpy import load

    fitted = selected_columns(mixed.prepared, mixed.mask, mixed.store)
    prepared = Snapshot(mixed.prepared, mixed.store)
    shares = frequencies(fitted, positions(fitted, prepared.rows("train")))
    network = Network(states(fitted, shares), [16, 8, 1])
    tensors = load(mixed.store.get(mixed.network.weights))
    tensors.pop("table")
    network.load_state_dict({name: torch.from_numpy(each) for name, each in tensors.items()})
    low, high, t = positions(fitted, prepared.rows("test"))
    with torch.no_grad():
        logits = network(
            torch.from_numpy(np.concatenate([low, high], axis=1)),
            torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
        )[:, 0]
    fitted_temperature = mixed.bundles.temperature
    degrees = fitted_temperature.temperature if fitted_temperature else 1.0
    expected = torch.sigmoid(logits / degrees).numpy()
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    model = load_file(mixed.store.path(mixed.bundles.float32.file))
    np.testing.assert_allclose(model.predict(rows), expected, rtol=0, atol=1e-5)


def test_what_training_never_saw_is_the_mean_of_what_it_saw() -> None:
    """An unseen category's row is the frequency-weighted mean of the seen ones' rows."""
    column = Column(name="w", kind="categorical", allows_missing=False, categories=("a", "b"))
    shares = np.array([0.75, 0.25, 0.0, 0.0])
    vectors = column_states(column, shares)
    weight = np.array([[1.0, 5.0]])
    np.testing.assert_allclose(vectors @ weight.T, [[1], [5], [2], [2]])


def learnt_from(trained: Trained) -> TrainingData:
    """The columns and rows that a run's network was trained on."""
    snapshot = Snapshot(trained.prepared, trained.store)
    columns = selected_columns(trained.prepared, trained.mask, trained.store)
    return TrainingData(columns, snapshot.frame("train"), snapshot.frame("validation"))


def test_the_same_seed_gives_the_same_weights(mixed: Trained) -> None:
    """Training is deterministic, and leaves torch's thread count as it was."""
    data = learnt_from(mixed)
    settings = TrainingConfig(epochs=2, seed=7)
    threads = torch.get_num_threads()
    runs = [
        fit(data, Lesson([8, 1], "binary", (), settings), on_epoch=lambda epoch: None)
        for _ in range(2)
    ]
    assert torch.get_num_threads() == threads
    assert runs[0][1] == runs[1][1]
    for one, other in zip(runs[0][0].parameters(), runs[1][0].parameters(), strict=True):
        assert torch.equal(one, other)


def test_training_stops_early_and_keeps_the_best_epoch(mixed: Trained) -> None:
    """Without a better validation loss for `patience` epochs it stops; every epoch was reported."""
    data = learnt_from(mixed)
    seen = []
    settings = TrainingConfig(epochs=200, patience=3, learning_rate=0.05)
    network, history = fit(data, Lesson([32, 1], "binary", (), settings), seen.append)
    assert seen == history
    best = min(history, key=lambda epoch: epoch.val_loss)
    assert len(history) == best.epoch + 3 < 200
    low, high, t = positions(data.columns, data.validation)
    with torch.no_grad():
        logits = network(
            torch.from_numpy(np.concatenate([low, high], axis=1)),
            torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
        )
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits[:, 0], torch.from_numpy(data.validation[TARGET].to_numpy(np.float32))
    )
    assert float(loss) == pytest.approx(best.val_loss, rel=1e-5)


def test_a_diverging_loss_is_reported(mixed: Trained, monkeypatch) -> None:
    """A diverging loss stops training with the epoch and the way out."""
    data = learnt_from(mixed)
    monkeypatch.setattr(
        "slipstream.training.optimisation._evaluate", lambda *_: {"loss": math.nan, "accuracy": 0.5}
    )
    with pytest.raises(InputError, match=r"it is nan after epoch 1; lower training\.learning_rate"):
        fit(data, Lesson([8, 1], "binary", (), TrainingConfig()), on_epoch=lambda epoch: None)


def test_quantisation_costs_little(mixed: Trained, demo: Trained) -> None:
    """int8 answers nearly as float32 does, and on the demo changes at most one test row."""
    for trained in (mixed, demo):
        rows = Snapshot(trained.dataset, trained.store).rows("test")
        float32, int8 = (
            load_file(trained.store.path(each.file)).predict(rows)
            for each in (trained.bundles.float32, trained.bundles.int8)
        )
        assert np.abs(float32 - int8).mean() < 0.01
        assert ((float32 >= 0.5) != (int8 >= 0.5)).sum() <= 1


def test_quantiles_are_learned_with_the_rows_spread(tmp_path: Path) -> None:
    """Where noise grows with a column, so does the distance between the quantiles."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"x": random.uniform(0, 1, 3000).round(5)})
    noise = random.normal(size=3000) * (1 + 9 * frame["x"])
    frame.assign(target=(100 + noise).round(4)).to_csv(tmp_path / "table.csv", index=False)
    data = {"path": str(tmp_path / "table.csv"), "quantiles": [0.1, 0.5, 0.9]}
    trained = train_on(parse_config({"data": data}), Store(tmp_path / "store"))
    for variant in trained.bundles.variants.values():
        model = load_file(trained.store.path(variant.file))
        low, high = (model.predict_one({"x": each}) for each in (0.1, 0.9))
        for answers, deviation in ((low, 1.9), (high, 9.1)):
            expected = 100 + deviation * np.array([-1.2816, 0, 1.2816])
            assert answers == pytest.approx(expected, abs=0.35 * deviation)


@pytest.mark.parametrize("weights", [None, torch.tensor([0.0, 2.0, 1.0, 1.0])])
def test_the_pinball_loss_is_the_definitions(weights: torch.Tensor | None) -> None:
    """Of a row above the answer its distance times the level, below it times 1 less the level."""
    outputs = torch.tensor([[0.0, 1.0], [2.0, 2.0], [-1.0, 5.0], [3.0, 0.0]])
    target = torch.tensor([1.0, 1.0, 1.0, 1.0])
    objective = objective_of("quantiles", (0.2, 0.9))
    parts = [
        (0.2 * 1 + 0) / 2,
        (0.8 * 1 + 0.1 * 1) / 2,
        (0.2 * 2 + 0.1 * 4) / 2,
        (0.8 * 2 + 0.9) / 2,
    ]
    found = objective.figures(outputs, target, weights)
    rows = np.ones(4) if weights is None else weights.numpy()
    assert found == {"loss": pytest.approx(np.average(parts, weights=rows))}
    assert objective.start is not None
    start = objective.start(torch.tensor([1.0, 2.0, 3.0, 4.0]), weights)
    assert start.tolist() == ([1, 4] if weights is None else [2, 4])


def test_a_taught_network_learns_the_teachers_answers_and_not_the_labels(mixed: Trained) -> None:
    """Where the labels are noise and the teacher knows a rule, the network answers by the rule."""
    labelled = learnt_from(mixed)
    noise = np.random.default_rng(0).integers(0, 2, len(labelled.train))
    rule = labelled.train[labelled.columns[0].name].rank(pct=True).fillna(0.5).to_numpy()[:, None]
    train = labelled.train.assign(**{TARGET: noise})
    lesson = Lesson([8, 1], "binary", (), TrainingConfig(), steps=600)
    taught = replace(labelled, train=train, validation=None, soft=rule)
    network, history = fit(taught, lesson, on_epoch=lambda _: None)
    with torch.no_grad():
        answers = torch.sigmoid(network(*inputs_of(taught.columns, train)))[:, 0].numpy()
    assert not history  # there were no validation rows to measure it on
    assert np.corrcoef(answers, rule[:, 0])[0, 1] > 0.9


def test_synthetic_rows_count_by_the_teachers_answer_alone(mixed: Trained) -> None:
    """Of a real row, its label counts 0.3 and the teacher's answer 0.7; a made row has no label."""
    labelled = learnt_from(mixed)
    made = labelled.train.head(5).drop(columns=TARGET)
    taught = replace(
        labelled,
        soft=np.full((len(labelled.train), 1), 0.25),
        synthetic=made,
        synthetic_soft=np.full((5, 1), 0.75),
    )
    objective = OBJECTIVES["binary"]
    encoding = encode(taught.columns, taught.train, objective, seed=0)
    batch = Batch.answered(encoding, taught, Standard(), objective)
    assert len(batch) == len(labelled.train) + 5
    last = batch.at(slice(-6, None))
    assert last.weight is not None
    assert last.soft is not None
    assert last.soft_weight is not None
    np.testing.assert_allclose(last.weight, [0.3, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(last.soft_weight, [0.7, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(last.soft[:, 0], [0.25] + 5 * [0.75])


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_teacher_that_is_right_is_as_good_as_labels(task: Task) -> None:
    """Of answers that are the labels themselves, the soft loss is the loss."""
    objective, random = OBJECTIVES[task], torch.Generator().manual_seed(0)
    outputs = torch.randn((20, 3 if task == "multiclass" else 1), generator=random)
    target = (torch.randint(0, outputs.shape[1] + 1, (20,), generator=random) % 3).to(
        objective.dtype
    )
    if task == "multiclass":
        soft = torch.nn.functional.one_hot(target, 3).float()
    else:
        soft = target[:, None].float()
    weight = torch.rand(20, generator=random)
    torch.testing.assert_close(
        objective.soft_loss(outputs, soft, weight), objective.loss(outputs, target, weight)
    )
