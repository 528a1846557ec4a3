"""The waterfall as a table, as sentences and as a figure."""

from pathlib import Path

from slipstream.evaluation.judging import Rules
from slipstream.evaluation.results import VariantMetrics, Waterfall
from slipstream.evaluation.waterfall import steps
from slipstream.measurement.figures import LatencyFigures, SizeFigures
from slipstream.measurement.intervals import Interval
from slipstream.reporting.plots import waterfall_figure
from slipstream.reporting.tables import steps_table
from slipstream.reporting.waterfall import altogether, description, write_parts

RULES = Rules(Interval(estimate=1.0, low=0.98, high=1.01), timer_us=0.005, max_score_loss=0.01)
ARMS = ("baseline", "kept columns", "float32", "int8")


def interval(estimate: float, half: float = 0.0) -> Interval:
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def example() -> Waterfall:
    """Each step is twice as fast and a quarter as large, and loses a hundredth of AUC."""
    metrics = {
        arm: VariantMetrics(
            scores={"test_accuracy": 0.9, "test_auc": 0.9 - index / 100, "test_log_loss": 0.3},
            latency=LatencyFigures(
                p50_us=8.0 / 2**index, p99_us=9, cold_p50_us=9, throughput_rows_per_s=9
            ),
            size=SizeFigures(
                weights_bytes=100_000 // 4**index, tensors_bytes=10**6, bundle_bytes=10**6
            ),
        )
        for index, arm in enumerate(ARMS)
    }
    changes = {"test_auc": interval(-0.01, 0.005), "test_log_loss": interval(0.0, 0.01)}
    made = steps(
        metrics,
        dict.fromkeys(ARMS, "4-8-1"),
        dict.fromkeys(ARMS[1:], interval(0.5, 0.01)),
        dict.fromkeys(ARMS[1:], changes),
        RULES,
    )
    named = ("call", "look-up", "first layer", "hidden layers", "output")
    some = {part: interval((index + 1) / 10, 0.25) for index, part in enumerate(named)}
    return Waterfall(steps=made, parts_us={"float32": some, "int8": some})


def test_the_steps_become_a_table_and_sentences() -> None:
    """Each row has its change against the row before; six columns fit a page."""
    made = example().steps
    first, second, *_ = steps_table(made)
    assert first == {
        "step": "baseline",
        "network": "4-8-1",
        "p50": "8.00 µs",
        "weights": "100 kB",
        "AUC": "0.9000",
        "log-loss": "0.3000",
    }
    assert second["p50"] == "4.00 µs (x 0.50)"
    assert second["weights"] == "25 kB (x 0.25)"
    assert second["log-loss"] == "0.3000 (0.0000)"
    assert second["AUC"] == "0.8900 (-0.0100)"
    assert altogether(made) == "8 x faster, 64 x smaller, AUC -0.0300, log-loss 0.0000"
    assert "- features selected: cost score: 4 x smaller" in description(made)


def test_the_figure_has_every_step_part_and_meaning(tmp_path: Path) -> None:
    """All panels are drawn, with units on their axes, and a legend says what colours mean."""
    figure = waterfall_figure(example())
    figure.savefig(tmp_path / "waterfall.png")
    labels = [axes.get_xlabel() for axes in figure.get_axes() if axes.axison]
    assert labels == [
        "latency p50, hot (µs)",
        "weights (bytes, log scale)",
        "test AUC",
        "time of one prediction by its parts (µs, means of whole blocks of calls)",
    ]
    legends = [legend for each in figure.subfigs for legend in each.legends]
    meanings = [[text.get_text() for text in each.get_texts()] for each in legends]
    assert meanings[0] == ["where it starts", "helped", "did not help, or cost score"]
    named = ["call", "look-up", "first layer", "hidden layers", "output"]
    assert meanings[1] == [*named, "parts that cannot be separated"]


def test_parts_that_cannot_be_separated_are_reported_together() -> None:
    """What is shown adds up to the whole, also where a part came out below zero."""
    parts_us = {
        "call": interval(0.1, 0.01),
        "look-up": interval(0.05, 0.01),
        "first layer": interval(-0.005, 0.02),
        "hidden layers": interval(0.03, 0.01),
        "output": interval(0.01, 0.02),
    }
    assert write_parts(parts_us) == (
        "call 0.100 + look-up and first layer 0.045 + hidden layers and output 0.040 = 0.185 µs"
    )
