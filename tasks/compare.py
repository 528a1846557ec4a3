"""Compare: which variant wins, and why."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream import comparison
from slipstream.config import BudgetConfig, QuantizationConfig
from slipstream.results import Benchmark, Comparison
from tasks.stage import measured


@task(**measured("compare"))
def compare(
    benchmark: Benchmark, quantization: QuantizationConfig, budget: BudgetConfig
) -> Comparison:
    """Reach the verdict, and publish the comparison as a table."""
    compared = comparison.compare(benchmark, quantization, budget)
    create_table_artifact(
        table=comparison.table(benchmark),
        key="comparison",
        description=f"{comparison.answers(benchmark)}. The artifact *summary* has the verdict.",
    )
    return compared
