"""The benchmark runs, its arms agree, and its files are written; its figures are nobody's proof."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench import __main__ as bench
from bench import zoo
from bench.arms.contender import CHECKED_ROWS, Contender
from bench.arms.ours import check_against_numpy
from bench.arms.peers import PEERS, is_installed
from bench.models import Model
from bench.pipeline import Computed
from bench.quality import measuring
from bench.quality.__main__ import Plan
from bench.quality.__main__ import run as score
from bench.quality.measuring import ARMS
from bench.quality.ours import ALL, CHOSEN, name_of
from bench.quality.teacher import TEACHER
from bench.results import Claim, Figures
from bench.show import SUMMARY_ARMS, summary
from slipstream.artifacts.store import Store
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import Snapshot
from slipstream.measurement.harness import Arm
from slipstream.runtime import load_file
from tests.conftest import Trained


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick run, in which every arm has been checked before it was timed."""
    folder = tmp_path_factory.mktemp("bench")
    bench.run(quick=True, folder=folder, publish=False)
    return folder


def test_a_quick_run_measures_every_installed_arm(written: Path) -> None:
    """Each peer has an arm or is named as not installed, and its answers agree with the model."""
    figures = json.loads((written / "latest.json").read_text())
    arms = {arm["arm"]: arm for arm in figures["hot"]}
    for peer in PEERS:
        measured = any(name.startswith(peer) for name in arms)
        assert measured == is_installed(peer) != (peer in figures["not_installed"])
    assert all(arm["p50_us"]["estimate"] > 0 for arm in arms.values())
    float32 = [arm for name, arm in arms.items() if "float32" in name]
    assert float32
    assert all(arm["largest_difference"] <= 1e-4 for arm in float32)


def test_the_files_say_what_was_found(written: Path) -> None:
    """JSON, Markdown and picture are there, and the page says of each claim whether it holds."""
    figures = json.loads((written / "latest.json").read_text())
    page = (written / "latest.md").read_text()
    assert (written / "bench.png").stat().st_size > 10_000
    assert figures["claims"]
    assert all(f"| {claim['claim']} | {claim['found']} |" in page for claim in figures["claims"])
    assert "A smoke run" in page
    assert str(Path.cwd()) not in page + json.dumps(figures)


def test_a_wrong_answer_ends_the_benchmark() -> None:
    """An arm that computes something else is never timed."""
    import numpy as np

    wrong = Contender(
        name="wrong",
        arm=Arm(lambda _: 0.5, int, rows=CHECKED_ROWS),
        reference=np.full(CHECKED_ROWS, 0.6),
    )
    with pytest.raises(RuntimeError, match="wrong must agree"):
        wrong.check()


def test_answers_that_are_not_numpys_end_the_benchmark(demo: Trained, tmp_path: Path) -> None:
    """What is timed is what the numpy predictor computes, or nothing is timed."""
    bundles = {}
    for precision, each in demo.bundles.variants.items():
        file = demo.store.path(each.file)
        bundles[precision] = load_file(file).bundle
        (tmp_path / f"demo.{precision}.safetensors").write_bytes(file.read_bytes())
    rows = Snapshot(demo.dataset, demo.store).rows("test")
    values = rows[[column.name for column in bundles["int8"].columns]].to_numpy(float)
    check_against_numpy(Model("demo", bundles, tmp_path), values)
    last = bundles["int8"].layers[-1]
    off_by_one = replace(last, bias=last.bias + 1)
    bundles["int8"] = replace(bundles["int8"], layers=(*bundles["int8"].layers[:-1], off_by_one))
    with pytest.raises(RuntimeError, match="demo, int8, must agree with numpy's"):
        check_against_numpy(Model("demo", bundles, tmp_path), values)


def test_the_readme_says_what_was_measured() -> None:
    """The figures of the first screen are those of the published run, rounded."""
    root = Path(bench.__file__).parents[1]
    found = re.search(
        r"less than (\S+) µs .*?: (\d+) to (\d+) times less than ONNX Runtime, and (\d+) times "
        r"less than LightGBM's own C call",
        " ".join((root / "README.md").read_text().split()),
    )
    assert found
    hot = json.loads((root / "bench/results/latest.json").read_text())["hot"]
    arms = {arm["arm"]: arm for arm in hot if arm["size"] == "5-32-32-1"}
    assert arms["Slipstream int8"]["p50_us"]["estimate"] < float(found[1])
    for number, arm in (
        (found[2], "ONNX Runtime float32, IOBinding"),
        (found[3], "ONNX Runtime float32"),
        (found[4], "LightGBM C single-row-fast (ctypes)"),
    ):
        assert round(arms[arm]["ratio"]["estimate"]) == int(number)


def test_the_readme_shows_the_published_figures() -> None:
    """The README's block is made from `latest.json`, and has the six arms that its text names."""
    root = Path(bench.__file__).parents[1]
    published = json.loads((root / "bench/results/latest.json").read_text())
    claims = [Claim(**claim) for claim in published.pop("claims")]
    block = summary(Figures(**published), claims)
    assert f"<!-- begin bench -->\n{block}\n<!-- end bench -->" in (root / "README.md").read_text()
    assert sum(f"{arm}**" in block or f"| {arm} |" in block for arm in SUMMARY_ARMS) == 6


def test_the_zoo_says_what_became_of_each_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table has its kinds, warnings and scores, and a refused one the reason."""

    def shares(computed: Computed, store: Store) -> NDArray[np.float64]:
        target = Snapshot(computed.dataset, store).target("test").to_numpy()
        return np.full((len(target), 3), 1 / 3)

    monkeypatch.setattr(zoo, "light_gbm", shares)  # which `make test` does not install
    wine = zoo.run(zoo.Table("wine", "wine"), store)
    assert (wine.task, wine.rows, set(wine.columns.values())) == ("multiclass", 178, {"numeric"})
    assert wine.ours["test_log_loss"] < wine.lightgbm["test_log_loss"] == pytest.approx(np.log(3))
    refused = zoo.run(zoo.Table("no such", "wine", "colour"), store)
    assert "there is no 'colour'" in refused.refusal
    page = zoo.page([wine, refused])
    assert f"| wine | multiclass | 178 | 13 | {len(wine.kept)} | log_loss |" in page
    assert refused.refusal in page


def test_every_arm_is_scored_on_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small table goes through the arms: each has a score, a difference, a time and a size."""

    def quick(asked: dict[str, object]) -> OptimizeConfig:
        """Without a teacher and a search, which take longest."""
        return parse_config({**asked, "training": {"distill": "off"}, "search": "off"})

    monkeypatch.setattr(measuring, "parse_config", quick)
    arms = [each for each in ARMS if each != "tuned"]  # which takes longest
    found = score(Plan(names=["iris"], splits=1, arms=arms, kept=tmp_path))
    (split,) = found.splits
    fitted = {arm.arm: arm for arm in split.arms}
    ours = {name_of(each, k) for each in ("float32", "int8") for k in (CHOSEN, ALL)}
    others = {ARMS[each] for each in arms} - {"Slipstream", TEACHER}
    assert fitted.keys() == others | ours
    assert split.rows["test"] == 150 - split.rows["train"] - split.rows["validation"]
    for arm in fitted.values():
        assert arm.scores["test_accuracy"] > 0.6
        assert arm.difference is not None
        assert arm.difference.low <= arm.difference.estimate <= arm.difference.high
        assert arm.p50_us.estimate > 0
        assert arm.size_bytes > 0
    assert fitted[name_of("int8", ALL)].seconds.keys() >= {"ingest", "preprocess", "train"}
    assert fitted[name_of("int8", ALL)].columns == 4
