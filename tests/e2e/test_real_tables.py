"""Real tables, when they lie beside the checkout."""

import itertools

import pytest
from sklearn.metrics import roc_auc_score

from slipstream.artifacts.home import root
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config, read_toml
from slipstream.data.snapshot import Snapshot
from slipstream.runtime import load_file
from tests.conftest import train_on

DATA = root().parent / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real tables in {DATA}")
@pytest.mark.parametrize(
    ("table", "target", "least", "said"),
    [
        ("bank", "y", 0.91, ["column 'pdays': 36,954 of its values are the only negative number"]),
        ("adult", "income", 0.89, ["24 of 32,561 rows", "2 of 32,561 rows"]),
    ],
)
def test_real_tables_reach_their_figures(
    store: Store, table: str, target: str, least: float, said: list[str]
) -> None:
    """With eight columns, int8 ranks test rows as well as asked; nothing else is noted."""
    config = parse_config(
        {"data": {"path": str(DATA / f"{table}.csv"), "target": target}, "features": {"k": 8}}
    )
    trained = train_on(config, store)
    snapshot = Snapshot(trained.dataset, store)
    rows, labels = snapshot.rows("test"), snapshot.target("test")
    model = load_file(store.path(trained.bundles.int8.file))
    assert roc_auc_score(labels, model.predict(rows)) >= least
    notes = trained.dataset.warnings
    assert [each[: len(start)] for each, start in zip(notes, said, strict=True)] == said


def test_the_seed_config_traces_like_the_seed(store: Store) -> None:
    """Five epochs: loss and accuracy improve every time, to at most 0.35 and at least 0.88."""
    trained = train_on(parse_config(read_toml(root() / "configs" / "seed.toml")), store)
    history = trained.network.history
    assert len(history) == 5
    for before, after in itertools.pairwise(history):
        assert after.train_loss < before.train_loss
        assert after.train["accuracy"] > before.train["accuracy"]
    assert history[-1].train_loss <= 0.35
    assert history[-1].train["accuracy"] >= 0.88
    assert trained.bundles.int8.tensors_bytes <= 0.40 * trained.bundles.float32.tensors_bytes
