"""The figures of the benchmark of scores: differences, summaries, claims, pages and pictures."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation

from bench.markdown import fill
from bench.quality import __main__ as module
from bench.quality import peers
from bench.quality.__main__ import Plan, main, run
from bench.quality.claims import check
from bench.quality.fitted import Fitted
from bench.quality.measuring import difference
from bench.quality.picture import LABEL_GAP, OURS, TREES, picture
from bench.quality.results import SHOWN, Quality, Split
from bench.quality.show import page, summary
from bench.quality.summary import large, summaries
from bench.tables import Table
from slipstream.evaluation.scoring import SCORING
from slipstream.measurement.harness import Arm
from slipstream.measurement.intervals import Interval
from slipstream.runtime import InputError
from slipstream.runtime.types import Task
from tests.unit.bench.figures import FIVE, INT8, arm, quality, split

ROOT = Path(module.__file__).parents[2]


def answers(task: Task, target: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Answers that are the closer to the target the less noise they have."""
    random = np.random.default_rng(seed)
    if task == "multiclass":
        scores = np.eye(3)[target] + noise * random.random((len(target), 3))
        return scores / scores.sum(axis=1, keepdims=True)
    found = target + noise * random.standard_normal(len(target))
    return 1 / (1 + np.exp(-found)) if task == "binary" else found


@pytest.mark.parametrize("task", SHOWN)
def test_a_difference_is_that_of_the_scores(task: Task) -> None:
    """It is positive for the better model, equals the scores' difference, and has an interval."""
    random = np.random.default_rng(1)
    target = random.integers(3 if task == "multiclass" else 2, size=2000)
    if task == "regression":
        target = random.normal(50.0, 9.0, 2000)
    scale = 9.0 if task == "regression" else 2.0
    rough, good = answers(task, target, scale, 2), answers(task, target, 0.7 * scale, 3)
    found = difference(task, target, rough, good)
    before, after = (
        SCORING[task].quality(target, each, None)[SHOWN[task].score] for each in (rough, good)
    )
    assert found.estimate == pytest.approx(SHOWN[task].gain(before, after))
    assert 0 < found.low < found.estimate < found.high
    assert difference(task, target, rough, rough).estimate == 0


def test_splits_are_summed_up_as_mean_and_range() -> None:
    """A score is the mean over the splits; better and worse count intervals without 0."""
    gains = (0.0, 0.3, 0.9)
    intervals = [
        Interval(estimate=gain, low=gain - 0.2, high=gain + 0.2) for gain in (-0.5, 0.1, 0.9)
    ]
    splits = [
        split("t", seed=seed).model_copy(
            update={
                "arms": (
                    arm("other", gain=gain, difference=each, p50_us=2.0 + seed, columns=9 - seed),
                )
            }
        )
        for seed, (gain, each) in enumerate(zip(gains, intervals, strict=True))
    ]
    (table,) = summaries(quality(*splits))
    found = table.arms["other"]
    assert f"{found.score:.3f}" == "0.904 [0.900, 0.909]"
    assert f"{found.difference:+.2f}" == "+0.17 [-0.50, +0.90]"
    assert (found.better, found.worse, table.splits) == (1, 1, 3)
    assert (found.p50_us, found.columns, found.all_seconds) == (3.0, (7, 8, 9), 21.0)


def test_small_tables_are_no_picture_unless_there_is_no_other() -> None:
    """From 5,000 rows on, a score is more than chance."""
    both = summaries(quality(split("small", rows=900), split("large", rows=9000)))
    assert [each.table for each in large(both)] == ["large"]
    assert [each.table for each in large(both[:1])] == ["small"]


def claims(*splits: Split) -> dict[str, bool | None]:
    return {each.claim: each.holds for each in check(quality(*splits))}


def test_claims_hold_where_they_should() -> None:
    """Each bound is met by figures on its right side, and by none on its wrong side."""
    good = claims(split("adult", gain=2.5), split("t", "multiclass"), split("n", "regression"))
    bad = claims(
        split("adult", gain=-1.0),
        split("t", "multiclass", gain=-1.0),
        split("n", "regression", gain=-2.0),
    )
    wrong = [claim for claim, holds in good.items() if holds is False]
    assert wrong == ["int8 within 0.05 points of AUC of float32, on every split of binary tables"]
    failing = {claim for claim, holds in bad.items() if holds is False}
    assert len(failing) == 8
    assert bad["one row at least 15 times as fast as LightGBM's C call, on every table"] is True
    assert good["bank: AUC at least 0.797"] is None
    slow = split("t").model_copy(update={"arms": (arm(FIVE, p50_us=0.1), arm(INT8, p50_us=0.21))})
    claim = "one row in at most 2 times the time of five columns and 32 x 32, on every table"
    assert good[claim] is True
    assert claims(slow)[claim] is False


def test_the_page_has_every_arm_and_what_was_left_out() -> None:
    """Each arm has a line in its table, ours in bold, LightGBM's defaults without a difference."""
    text = page(quality(split("adult"), skipped={"bank": "its file is not there"}))
    for each in split("adult").arms:
        name = f"**{each.arm}**" if each.arm.startswith("Slipstream") else each.arm
        assert f"| {name} | 0.9" in text or f"| {name} | 0.8" in text
    assert f"| {peers.LIGHTGBM} | 0.9000 [0.9000, 0.9000] |  |  | 8.00 | 20.0 |" in text
    assert "- bank: its file is not there" in text


@pytest.mark.parametrize(
    ("splits", "says"),
    [
        ([split("a", gain=0.2)], "its AUC is 0.0050 higher."),
        ([split("a", gain=-1.3), split("b", gain=-1.3)], "its AUC is 0.0100 lower on average."),
        ([split("n", "regression", gain=1.7)], "its RMSE is 2.0 % lower."),
        ([split("n", "regression", gain=-1.3)], "its RMSE is 1.0 % higher."),
    ],
)
def test_the_sentence_says_which_way(splits: list[Split], says: str) -> None:
    """A lower RMSE is better, a lower AUC is not; the picture's text says the same."""
    text = summary(quality(*splits))
    sentence, picture_line = text.split("\n\n")
    assert says in sentence
    assert "answers a row 20 times as fast as LightGBM's C call" in sentence
    assert picture_line.startswith("![Score against the time to answer one row")
    assert sentence in picture_line


def test_the_picture_shows_each_large_table() -> None:
    """A panel a table, named axes with units, ours in another colour than LightGBM's."""
    drawn = picture(summaries(quality(split("a"), split("b"), split("n", "regression"))))
    panels = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_title("left") for axes in panels] == [f"{each} (9,000 rows)" for each in "abn"]
    assert [axes.get_ylabel() for axes in panels] == ["AUC", "AUC", "RMSE (axis reversed)"]
    assert "µs" in drawn.get_supxlabel()
    assert all(axes.get_xscale() == "log" for axes in panels)
    assert panels[2].yaxis_inverted()
    colours = {text.get_text(): text.get_color() for text in labels(panels[0])}
    assert colours["Slipstream, 9"] == OURS
    assert colours["LightGBM, defaults, 20 ×"] == TREES
    assert sum(abs(a - b) for a, b in zip(to_rgb(OURS), to_rgb(TREES), strict=True)) > 1


def test_names_in_the_picture_are_apart() -> None:
    """Two points at the same place have their names above each other."""
    (panel,) = (each for each in picture(summaries(quality(split("a")))).axes if each.get_visible())
    ends = [text for text in labels(panel) if "MLP" in text.get_text() or "lin" in text.get_text()]
    heights = sorted(text.xy[1] for text in ends)
    assert len(heights) == 2
    assert all(b - a >= LABEL_GAP * 0.999 for a, b in itertools.pairwise(heights))


def labels(axes: Any) -> list[Annotation]:
    return [each for each in axes.get_children() if isinstance(each, Annotation)]


def test_a_wrong_single_answer_ends_the_run() -> None:
    """An arm that answers a row differently from the table is not timed."""
    made = Fitted(
        name="wrong",
        answers=np.array([0.1, 0.2]),
        one_row=Arm(lambda index: [0.1, 0.3][index], int, rows=2),
        seconds={},
        size_bytes=0,
        columns=1,
    )
    with pytest.raises(RuntimeError, match="wrong must answer a single row"):
        made.check()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """What a run asks to have measured, of three tables: one is not there, one is refused."""
    asked: list[tuple[str, int]] = []

    def measure(table: Table, seed: int, *_: object) -> Split:
        if table.name == "wine":
            raise InputError("the table must have rows, however: it has none")
        asked.append((table.name, seed))
        return split(table.name, seed=seed)

    monkeypatch.setattr(module, "measure", measure)
    there = [Table(name, name) for name in ("iris", "wine", "gone")]
    monkeypatch.setattr(module, "tables", lambda _: there)
    return asked


def test_a_run_says_what_it_left_out(measured: list[tuple[str, int]], tmp_path: Path) -> None:
    """A table that is not there or is refused is named with the reason; others are measured."""
    found = run(Plan(splits=2, kept=tmp_path))
    assert measured == [("iris", 0), ("iris", 1)]
    assert [(each.table, each.seed) for each in found.splits] == measured
    assert found.skipped == {
        "wine": "the table must have rows, however: it has none",
        "gone": "its file is not there",
    }


def test_an_ended_run_goes_on(
    measured: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `resume`, what the same code found for the same arms is taken; else all is measured."""
    first = run(Plan(kept=tmp_path))
    again = run(Plan(resume=True, kept=tmp_path))
    assert (again.splits, len(measured)) == (first.splits, 3)
    run(Plan(kept=tmp_path))
    assert len(measured) == 6
    run(Plan(resume=True, arms=["ours"], kept=tmp_path))
    assert len(measured) == 9
    monkeypatch.setattr(module, "_code", lambda: "other")
    run(Plan(resume=True, arms=["ours"], kept=tmp_path))
    assert len(measured) == 12


def test_only_a_whole_run_is_published() -> None:
    """Some tables, splits or arms only are a trial."""
    assert Plan().is_whole
    partial = [Plan(names=["iris"]), Plan(splits=1), Plan(arms=["ours"])]
    assert not any(plan.is_whole for plan in partial)


def test_drawing_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--draw` makes page, picture and the README's block from the figures."""
    results = tmp_path / "results"
    results.mkdir()
    figures = quality(split("adult"))
    (results / "quality.json").write_text(figures.model_dump_json())
    (tmp_path / "README.md").write_text("a\n<!-- begin quality -->\n<!-- end quality -->\nb\n")
    for name, path in (("ROOT", tmp_path), ("RESULTS", results), ("PICTURE", tmp_path / "p.png")):
        monkeypatch.setattr(module, name, path)
    assert main(["--draw"]) == 0
    assert (results / "quality.md").read_text() == page(figures)
    assert (tmp_path / "p.png").stat().st_size > 10_000
    block = f"<!-- begin quality -->\n{summary(figures)}\n<!-- end quality -->"
    assert (tmp_path / "README.md").read_text() == f"a\n{block}\nb\n"
    assert json.loads((results / "quality.json").read_text())["date"] == "2026-01-01"


def test_an_unknown_arm_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt arm is named, next to those that there are."""
    with pytest.raises(SystemExit, match="2"):
        main(["--arms", "lightbgm"])
    assert "however: lightbgm" in capsys.readouterr().err


@pytest.mark.source
def test_the_readme_shows_the_published_figures() -> None:
    """The README's block is made from `quality.json`, and is empty before there is one."""
    file, readme = ROOT / "bench/results/quality.json", (ROOT / "README.md").read_text()
    if file.exists():
        text = summary(Quality.model_validate_json(file.read_text()))
        assert fill(readme, "quality", text) == readme
    else:
        assert "<!-- begin quality -->\n<!-- end quality -->" in readme
