"""Both variants side by side, as a person reads them."""

from slipstream.reporting.comparison import about_test_rows, figure_rows
from slipstream.reporting.tables import comparison_table
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
