"""Compare: which variant wins, and why."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream.config.budget import BudgetConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation import verdict
from slipstream.evaluation.results import Benchmark, Comparison
from slipstream.reporting.comparison import about_test_rows
from slipstream.reporting.tables import comparison_table
from tasks.support.stage import measured


@task(**measured("compare"))
def compare(
    benchmark: Benchmark, quantization: QuantizationConfig, budget: BudgetConfig
) -> Comparison:
    """Reach the verdict, and publish the comparison as a table."""
    compared = verdict.compare(benchmark, quantization, budget)
    create_table_artifact(
        table=comparison_table(benchmark),
        key="comparison",
        description=f"{about_test_rows(benchmark)}. The artifact *summary* has the verdict.",
    )
    return compared
