"""The environment variables that Prefect and MLflow read when they are imported."""

import os

from slipstream.artifacts.home import home
from slipstream.operations.servers import running_services

__all__ = ["prepare_environment"]


def prepare_environment() -> None:
    """Set what Prefect and MLflow read when they are imported; what is set already stays.

    The Prefect server of `make up`, else an embedded one that keeps its database here; no
    telemetry, no advertising, and no Prefect log on the terminal, where the report says it all.
    """
    services = running_services()
    settings = {
        **({"PREFECT_API_URL": f"{services.prefect}/api"} if services else {}),
        **({"PREFECT_UI_URL": services.prefect} if services else {}),
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A busy machine needs longer than Prefect's 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "slipstream",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # A server that does not answer is reported after seconds, not after minutes.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
