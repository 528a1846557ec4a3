"""Both variants side by side, as a person reads them."""

from slipstream.evaluation.results import Benchmark
from slipstream.reporting.comparison import about_test_rows, figure_rows, leading_score
from slipstream.reporting.tables import comparison_table
from slipstream.runtime.quantiles import names
from tests.unit.records import benchmark


def test_the_comparison_is_written_as_a_person_writes() -> None:
    """Units with prefixes; factors for sizes and times, differences for scores."""
    found = {row.figure: row[1:] for row in figure_rows(benchmark(int8_p50_us=0.252))}
    assert found["weights"] == ("16 kB", "4 kB", "x 0.250")
    assert found["latency p50, hot"] == ("0.210 µs", "0.252 µs", "x 1.200")
    assert found["latency p50, cold"] == ("2.40 µs", "2.40 µs", "x 1.000")
    assert found["throughput"] == ("4.4 M rows/s", "4.4 M rows/s", "x 1.000")
    assert found["test PR-AUC"] == ("0.4321", "0.4321", "0.0000")


def test_the_comparison_is_a_table_with_titles() -> None:
    """Each cell is under the name of its column."""
    assert comparison_table(benchmark())[0] == {
        "figure": "weights",
        "float32": "16 kB",
        "int8": "4 kB",
        "change": "x 0.250",
    }


def test_quantiles_are_shown_with_their_coverage() -> None:
    """The loss in its own unit, what is judged, and each level's share of rows, if few."""
    scores = {
        "test_pinball": 13.3731,
        "test_d2_pinball": 0.3153,
        "test_relative_pinball": 0.6847,
        "test_coverage_gap": 0.0326,
    }
    levels = (0.1, 0.5, 0.975)

    def shown(levels: tuple[float, ...]) -> Benchmark:
        metrics = {
            name: each.model_copy(
                update={"scores": scores, "coverage": dict.fromkeys(names(levels), share)}
            )
            for (name, each), share in zip(benchmark().metrics.items(), (0.25, 0.2), strict=True)
        }
        update = {"metrics": metrics, "task": "quantiles", "quantiles": levels}
        return benchmark().model_copy(update=update)

    found = {row.figure: row[1:] for row in figure_rows(shown(levels))}
    assert found["test pinball loss"] == ("13.373", "13.373", "0")
    assert found["test D²"] == ("0.3153", "0.3153", "0.0000")
    assert found["test rows at or below q97.5"] == ("25.0 %", "20.0 %", "-0.0500")
    about = about_test_rows(shown(levels))
    assert "a mean over q10, q50, q97.5," in about
    assert "the quantiles of the test rows, 19.531;" in about
    many = shown(tuple(each / 100 for each in range(1, 100)))
    assert not any("at or below" in row.figure for row in figure_rows(many))
    assert "a mean over q1 to q99 (99 quantiles)," in about_test_rows(many)
    assert many.metrics["int8"].to_flat()["test_coverage_q29"] == 0.2
    assert leading_score(many) == "test_d2_pinball"


def test_rare_positives_come_first() -> None:
    """At 1 % positives, PR-AUC leads; accuracy that always-no reaches is said to say nothing."""
    rare = benchmark(positive_rows=6, accuracy=0.99)
    scores = [row.figure for row in figure_rows(rare) if row.figure.startswith("test")]
    assert scores[:3] == [
        "test PR-AUC",
        "test recall at 1 % false positives",
        "test precision in the top 1 %",
    ]
    assert "6 of them positive (1.0 %)" in about_test_rows(rare)
    assert "always answering the more frequent label has 0.9900" in about_test_rows(rare)
    common = benchmark()
    labels = [row.figure for row in figure_rows(common) if row.figure.startswith("test")]
    assert labels == ["test accuracy", "test AUC", "test PR-AUC", "test log-loss"]
    assert "Accuracy says nothing" not in about_test_rows(common)
