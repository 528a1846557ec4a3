"""The summary: one run in Markdown, for Prefect's page and for MLflow's."""

from slipstream.results import RunRecord

__all__ = ["run_summary"]


def run_summary(record: RunRecord) -> str:
    """What came in, what was left out and why, and the verdict."""
    notes = "\n".join(f"- {warning}" for warning in record.warnings) or "Nothing was left out."
    verdict = record.comparison.verdict
    return (
        f"# {record.config.title}\n\n"
        f"**Winner: {verdict.winner or 'none'}.** {verdict.reason}.\n\n"
        f"## Notes\n\n{notes}\n"
    )
