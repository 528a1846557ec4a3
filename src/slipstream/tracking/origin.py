"""The run that a registered version comes from: its figures, its profile, the drift since."""

import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.evaluation.drift import Drift, Profile
from slipstream.reporting.plots import drift_figure
from slipstream.tracking.describing import Variant

__all__ = ["LEADING_SCORE", "PRECISION", "PROFILE", "Origin"]

logger = logging.getLogger("slipstream")

# Tags of a variant's run.
PRECISION, LEADING_SCORE = "slipstream.precision", "slipstream.leading_score"
PROFILE = "training_profile.json"  # a file of its parent, the pipeline's run


class Origin:
    """The run of a version's variant, within the run of the pipeline that trained it."""

    def __init__(self, client: MlflowClient, version: str, run_id: str) -> None:
        self._client = client
        self._version = version
        self._run_id = run_id

    def variant(self) -> Variant:
        """The variant's precision and its metrics; empty if the run was deleted for good."""
        tags, metrics = dict[str, str](), dict[str, float]()
        try:
            data = self._client.get_run(self._run_id).data
            tags, metrics = data.tags, data.metrics
        except MlflowException:
            pass
        # A run of an earlier release does not say which score leads.
        return Variant(tags.get(PRECISION, ""), metrics, tags.get(LEADING_SCORE, "test_auc"))

    def profile(self) -> Profile | None:
        """How the training rows were distributed, if the run still has the file."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                file = self._client.download_artifacts(self._parent(), PROFILE, folder)
                return Profile.model_validate_json(Path(file).read_bytes())
        except (MlflowException, OSError, ValueError) as error:
            logger.warning("drift is not measured: version %s: %s", self._version, error)
            return None

    def log_drift(self, drift: Drift) -> None:
        """Add today's drift to the pipeline's run: one more point in its charts."""
        run_id = self._parent()
        now = datetime.now(UTC)
        milliseconds = int(now.timestamp() * 1000)
        step = len(self._client.get_metric_history(run_id, "drift_largest_psi"))
        figures = {
            "drift_largest_psi": drift.largest_psi,
            "drift_outside_share": drift.outside_share,
        }
        if drift.target:
            figures["drift_target_psi"] = drift.psi[drift.target]
        metrics = [Metric(key, value, milliseconds, step) for key, value in figures.items()]
        self._client.log_batch(run_id, metrics)
        day = now.strftime("%Y-%m-%dT%H-%M-%S")
        self._client.log_dict(run_id, drift.model_dump(mode="json"), f"drift/{day}.json")
        self._client.log_figure(run_id, drift_figure(drift), f"drift/{day}.png")

    def _parent(self) -> str:
        """The run of the pipeline."""
        return str(self._client.get_run(self._run_id).data.tags["mlflow.parentRunId"])
