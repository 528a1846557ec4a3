"""The models that ours is scored against: tuned trees, scikit-learn's pipelines, the teacher."""

import json
from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from safetensors.numpy import save

from bench import trees
from bench.peer_rows import PeerRows, peer_rows
from bench.pipeline import Start, start
from bench.quality.peers import LINEAR, MLP, PEERS
from bench.quality.teacher import teacher
from slipstream.artifacts.references import PARTS, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import PART, TARGET, Snapshot


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads of LightGBM wait for each other where other tests keep a core busy."""
    monkeypatch.setitem(trees.OPTIONS, "n_jobs", 1)


def begin(path: str, store: Store) -> tuple[Start, PeerRows]:
    asked = {"data": {"path": path}, "training": {"distill": "off"}}
    begun = start(parse_config(asked), store)
    return begun, peer_rows(begun.dataset, [each.name for each in begun.dataset.columns], store)


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> tuple[Start, PeerRows, Store]:
    store = Store(tmp_path_factory.mktemp("iris"))
    return (*begin("iris", store), store)


def test_tuning_keeps_to_its_budget(store: Store) -> None:
    """So many configurations are tried, and none is begun after the time is over but the first."""
    _, rows = begin("breast_cancer", store)
    model, tried = trees.tuned(rows, trials=2)
    assert tried == 2
    assert trees.tuned(rows, seconds=0.0)[1] == 1
    assert np.corrcoef(trees.answers(model, rows), rows.test_target)[0, 1] > 0.5


def test_tuned_trees_are_fitted_on_all_rows(
    iris: tuple[Start, PeerRows, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The validation part chooses, then joins, with as many trees as did best on it."""
    _, rows, _ = iris
    fitted: list[int] = []
    whole = lightgbm.LGBMClassifier.fit

    def fit(
        model: lightgbm.LGBMClassifier, table: object, target: object, **more: object
    ) -> object:
        fitted.append(len(table))
        return whole(model, table, target, **more)

    monkeypatch.setattr(lightgbm.LGBMClassifier, "fit", fit)
    model, _ = trees.tuned(rows, trials=1)
    assert fitted == [(~rows.held_out).sum(), len(rows.fitted)]
    assert 0 < model.n_estimators < trees.MOST_TREES


@pytest.mark.parametrize("name", [MLP, LINEAR])
@pytest.mark.parametrize("path", ["diabetes", "breast_cancer"])
def test_pipelines_answer_a_row_as_they_answer_the_table(
    name: str, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Numbers and labels have an estimator each, which is better than chance, and a size."""
    _, rows = begin(path, Store(tmp_path_factory.mktemp(path)))
    made = PEERS[name](rows)
    made.check()
    assert np.corrcoef(made.answers, rows.test_target)[0, 1] > 0.5
    assert made.size_bytes >= 8 * rows.test.shape[1]


def test_the_teacher_answers_for_the_test_rows(iris: tuple[Start, PeerRows, Store]) -> None:
    """Its answers are those of the test part, fitted to all others; its call asks every tree."""
    begun, _, store = iris
    prepared = Snapshot(begun.prepared, store)
    frame, names = prepared.frame(), [each.name for each in begun.dataset.columns]
    boosters = [
        lightgbm.train(
            {"objective": "multiclass", "num_class": 3, "verbosity": -1, "seed": seed},
            lightgbm.Dataset(frame[names], frame[TARGET]),
            2,
        )
        for seed in range(2)
    ]
    answers = np.random.default_rng(0).random((len(frame), 3)).astype(np.float32)
    models = {
        "names": names,
        "teacher": [each.model_to_string() for each in boosters],
        "peer": [],
    }
    ref = TeacherRef(
        answers=store.put(save({"answers": 1 - answers}), ".safetensors"),
        final_answers=store.put(save({"answers": answers}), ".safetensors"),
        models=store.put(json.dumps(models).encode(), ".json"),
        blend={"trees": 0.7, "networks": 0.3, "none": 0.0},
        loss=0.1,
        loss_unit="nats",
    )
    taught = replace(begun, teacher=ref, seconds={**begun.seconds, "teach": 3.0})
    found = teacher(taught, store)
    assert found is not None
    test = frame.index[prepared.frame(columns=[PART])[PART] == PARTS.index("test")]
    assert found.answers == pytest.approx(answers[test])
    assert found.note == "0.7 trees, 0.3 networks"
    assert found.seconds["teach"] == 3.0
    found.one_row.call(found.one_row.make(0))
    assert teacher(begun, store) is None
    without = ref.model_copy(
        update={"models": store.put(json.dumps({**models, "teacher": []}).encode(), ".json")}
    )
    assert teacher(replace(begun, teacher=without), store) is None
