from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.config.features import FeaturesConfig
from slipstream.data.ingestion import ingest
from slipstream.features.notes import noise_notes, twin_notes
from slipstream.features.preprocessing import preprocess
from slipstream.features.scores import Score
from slipstream.features.selection import choose, keep, select
from slipstream.features.twins import Candidate
from slipstream.runtime.limits import MAX_FEATURES
from tests.conftest import Trained

ROWS = 900


def unlike(count: int) -> list[Candidate]:
    """Candidates of which no two are twins."""
    return [Candidate(np.eye(count, dtype=int)[index], None, 1.0) for index in range(count)]


def chosen(values: list[float], k: int) -> set[int]:
    scores = [Score(value, 0.0 if value else 1.0) for value in values]
    return set(choose(scores, unlike(len(values)), k).kept)


def mask_of(columns: dict[str, object], store: Store, k: int = 0) -> FeatureMask:
    """The mask of a table whose target `y` is among the columns."""
    path = store.folder.parent / "rows.parquet"
    pd.DataFrame(columns).to_parquet(path)
    dataset = ingest(DataConfig(path=str(path), target="y"), store)
    prepared = preprocess(dataset, "minmax", 1, store)
    return select(prepared, FeaturesConfig(method="mutual_info", k=k), store)


def signal(seed: int = 1) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """A generator, a column, and a target that depends on it."""
    random = np.random.default_rng(seed)
    x = random.normal(size=ROWS)
    return random, x, (x + random.normal(size=ROWS) > 0).astype(int)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5]), min_size=1, max_size=20), st.integers(1, 30))
def test_the_best_k_are_kept_and_ties_go_to_the_first(scores: list[float], k: int) -> None:
    """Exactly min(k, columns) are kept; no dropped column beats a kept one; ties are stable."""
    kept = chosen(scores, k)
    assert kept == keep(scores, k)
    assert len(kept) == min(k, len(scores))
    for dropped in set(range(len(scores))) - kept:
        for each in kept:
            assert (scores[each], -each) > (scores[dropped], -dropped)


def test_zero_means_choose_for_me() -> None:
    """K = 0 keeps the fewest columns that carry 95 % of the score of those that are no noise."""
    assert chosen([0.5, 0.46, 0.01, 0.03], 0) == {0, 1}
    assert chosen([0.0, 0.0], 0) == {0}
    assert chosen([1.0], 0) == {0}
    noise = [Score(0.5, 0.0), Score(0.4, 0.2)]
    assert choose(noise, unlike(2), 0).kept == {0}


def test_no_more_are_kept_than_a_bundle_can_hold() -> None:
    """Where 95 % of the score would take more columns, the best that fit are kept."""
    count = MAX_FEATURES + 10
    random = np.random.default_rng(0)
    alike = [Score(1.0, 0.0)] * count
    candidates = [Candidate(random.integers(0, 4, 50), None, 1.0) for _ in range(count)]
    assert choose(alike, candidates, count).kept == set(range(MAX_FEATURES))


def test_noise_of_any_kind_is_not_kept(store: Store) -> None:
    """Beside a real column, categories of 200 values, floats and whole numbers of noise go."""
    random, x, y = signal()
    mask = mask_of(
        {
            "words": random.integers(0, 200, ROWS).astype(str),
            "day": random.integers(0, 365, ROWS),
            "float": random.normal(size=ROWS),
            "x": x,
            "flag": random.random(ROWS) < 0.02,
            "y": y,
        },
        store,
    )
    assert mask.features == ["x"]
    assert noise_notes(mask) == []
    assert {score.name: score.score < 0.005 for score in mask.scores if score.name != "x"} == {
        "words": True,
        "day": True,
        "float": True,
        "flag": True,
    }


def test_hundreds_of_columns_of_noise_leave_one(store: Store) -> None:
    """K = 0 on 500 columns of noise keeps one, and says that none is better than noise."""
    random = np.random.default_rng(2)
    columns = {f"n{index}": random.normal(size=1000) for index in range(500)}
    mask = mask_of({**columns, "y": random.integers(0, 2, 1000)}, store)
    assert len(mask.features) == 1
    assert any("no column is better than noise" in each for each in noise_notes(mask))


@pytest.mark.parametrize(
    "twin",
    [
        lambda x: 100 * x,
        lambda x: -3 * x + 7,
        np.exp,
        lambda x: np.round(x, 2),
        lambda x: x + np.random.default_rng(0).normal(scale=1e-3, size=len(x)),
    ],
)
def test_a_twin_takes_no_place_from_another_column(twin: object, store: Store) -> None:
    """Another unit, order, scale or precision of a column leaves its place to a weaker column."""
    random, x, y = signal()
    weak = y + 3 * random.normal(size=ROWS)
    mask = mask_of({"x": x, "twin": twin(x), "weak": weak, "y": y}, store, k=2)
    assert len(mask.features) == 2
    assert "weak" in mask.features
    assert any("is a twin of" in each for each in twin_notes(mask))
    both = mask_of({"x": x, "twin": twin(x), "weak": weak, "y": y}, store, k=3)
    assert both.features == ["x", "twin", "weak"]


def test_a_category_is_a_twin_of_its_codes(store: Store) -> None:
    """Words and the numbers that stand for them are twins; coarser words are not."""
    _, x, y = signal()
    code = np.digitize(x, [-1, -0.3, 0.3, 1])
    names = np.array(["e", "b", "d", "a", "c"])[code]
    mask = mask_of(
        {"code": code, "name": names, "half": (code > 2).astype(str), "y": y}, store, k=2
    )
    assert "half" in mask.features
    assert sum("is a twin of" in each for each in twin_notes(mask)) == 1


def test_columns_that_only_resemble_each_other_are_no_twins(store: Store) -> None:
    """A correlation of 0.99 is not enough."""
    random, x, y = signal()
    mask = mask_of({"x": x, "near": x + random.normal(scale=0.15, size=ROWS), "y": y}, store, k=1)
    assert not twin_notes(mask)


def test_noise_that_k_asks_for_is_named(store: Store) -> None:
    """A fixed k keeps noise where there is nothing better, and the run says so."""
    random, x, y = signal()
    mask = mask_of({"x": x, "noise": random.normal(size=ROWS), "y": y}, store, k=2)
    assert mask.features == ["x", "noise"]
    (warning,) = noise_notes(mask)
    assert "no better than noise in the training part: 'noise'; features.k = 0 leaves" in warning


@pytest.mark.parametrize("k", [0, 5])
@pytest.mark.parametrize("method", ["mutual_info", "anova_f"])
def test_the_mask_finds_the_informative_columns(demo: Trained, k: int, method: str) -> None:
    """The demo's five informative columns are the ones that are kept, in the table's order."""
    informative = ["feature_01", "feature_03", "feature_04", "feature_06", "feature_08"]
    mask = select(demo.prepared, FeaturesConfig(k=k, method=method), demo.store)
    assert mask.features == informative


def test_too_large_a_k_keeps_all_and_says_so(mixed: Trained) -> None:
    """K above the number of columns keeps all of them, with a warning."""
    mask = select(mixed.prepared, FeaturesConfig(method="mutual_info", k=50), mixed.store)
    assert len(mask.features) == 4
    assert "there are only 4 columns" in mask.warnings[0]


@pytest.mark.parametrize("method", ["mutual_info", "anova_f"])
def test_a_column_that_says_how_far_a_number_scatters_is_kept_for_quantiles(
    method: str, store: Store, tmp_path: Path
) -> None:
    """Its groups have one mean, so it is noise to a model of the mean, and not to quantiles."""
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(3000, 6)).round(4), columns=list("abcdef"))
    frame["target"] = (random.normal(size=3000) * np.exp(frame["c"])).round(4)
    mirrored = pd.concat([frame, frame.assign(target=-frame["target"])])  # each group's mean is 0
    masks = []
    for rows, levels in ((mirrored, []), (frame, [0.1, 0.9])):
        rows.to_csv(tmp_path / "table.csv", index=False)
        data = DataConfig(path=str(tmp_path / "table.csv"), quantiles=levels)
        prepared = preprocess(ingest(data, store), "piecewise", 8, store)
        masks.append(select(prepared, FeaturesConfig(method=method, k=0), store))
    assert "no column is better than noise" in noise_notes(masks[0])[0]
    assert masks[1].features == ["c"]
