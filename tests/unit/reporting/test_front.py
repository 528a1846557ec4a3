"""The front of a search: the models it tried, and the larger ones next to them."""

from pathlib import Path

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import FeatureScore
from slipstream.evaluation.results import LargerModel
from slipstream.reporting.front import front_figure, front_json, front_rows
from slipstream.search.found import Found, Point

POINT = Point(
    k=1,
    hidden=(8, 8),
    precision="int8",
    score=0.9,
    latency_p50_us=0.2,
    latency_p99_us=0.3,
    bundle_bytes=1000,
    is_on_front=True,
)
FOUND = Found(
    mask=FeatureMask(method="x", scores=(FeatureScore(name="a", score=1, kept=True),), rows=9),
    hidden=(8, 8),
    measure="AUC",
    points=(POINT, POINT.model_copy(update={"precision": "float32", "latency_p50_us": 0.25})),
    larger={"teacher": 0.95, "lightgbm": 0.94},
    trainings=2,
    seconds=1.0,
    reason="it is best",
)
SLOW = LargerModel(scores={}, latency_p50_us=2000.0, is_timed_in_full=False)
LARGER = {"teacher": SLOW, "lightgbm": LargerModel(scores={}, latency_p50_us=5.5)}


def test_larger_models_follow_what_was_tried() -> None:
    """Each with its score and its latency; of one with networks, that it takes longer."""
    assert [row[:3] for row in front_rows(FOUND, LARGER)[2:]] == [
        ("teacher, all columns", "0.9500", "at least 2,000 µs"),
        ("LightGBM, its defaults, all columns", "0.9400", "5.50 µs"),
    ]
    assert front_rows(FOUND, {})[2][2] == "not measured"


def test_the_figure_has_the_larger_models(tmp_path: Path) -> None:
    """Points at their latency on the axis of the others; a line where it is not known."""
    figure = front_figure(FOUND, LARGER)
    figure.savefig(tmp_path / "front.png")
    (axes,) = figure.axes
    drawn = [tuple(place) for each in axes.collections for place in each.get_offsets()]
    assert {(2000.0, 0.95), (5.5, 0.94), (0.2, 0.9)} <= set(drawn)
    assert axes.get_xscale() == "log"
    (legend,) = figure.legends
    texts = [each.get_text() for each in legend.get_texts()]
    assert {"k = 1, 8 x 8 (chosen)", "int8", "teacher: at least 2,000 µs"} <= set(texts)
    (unknown,) = front_figure(FOUND, {"lightgbm": LARGER["lightgbm"]}).axes
    (line,) = unknown.lines
    assert set(line.get_ydata()) == {0.95}


def test_the_json_has_what_was_measured_and_nothing_else() -> None:
    """A time that is not of the whole model has a name that says so."""
    assert front_json(FOUND, LARGER)["larger"] == {
        "teacher": {"score": 0.95, "latency_p50_us_at_least": 2000.0},
        "lightgbm": {"score": 0.94, "latency_p50_us": 5.5},
    }
    assert front_json(FOUND, {})["larger"]["teacher"] == {"score": 0.95}
