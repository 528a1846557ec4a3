"""The registry: versions of a model, and which of them is the champion.

Every step can be repeated: a version is found again by the identity of what made it, tags come with
the version in one write, and an alias moves in one write. So whoever is killed in between and runs
again finds one version, and a champion all the time.
"""

import logging
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.checkout import resolve_tracking_uri
from slipstream.drift import Drift, Profile
from slipstream.locking import promotion_lock, setup_lock
from slipstream.plots import drift_figure
from slipstream.registered import fetch_bundle
from slipstream.results import Decision
from slipstream.runtime import InputError

__all__ = ["PROFILE", "Registry", "Version", "connect", "quiet"]

logger = logging.getLogger("slipstream")

PROFILE = "training_profile.json"  # of the parent run
CHAMPION, CHALLENGER = "champion", "challenger"
IDENTITY, SPLIT = "slipstream.identity", "slipstream.split"
PROMOTED, KEPT_OUT = "promoted", "kept out"
DECISION, REASON, REPLACED = "slipstream.decision", "slipstream.reason", "slipstream.replaced"


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    number: str
    run_id: str
    identity: str
    split: str
    decision: str
    reason: str
    replaced: str

    @property
    def is_promoted(self) -> bool:
        """Whether it was decided that this version becomes champion."""
        return self.decision == PROMOTED


class Registry:
    """The versions of one registered model."""

    def __init__(self, name: str, tracking_uri: str) -> None:
        quiet()
        self.name = name
        self._uri = resolve_tracking_uri(tracking_uri)
        self._client = connect(self._uri)

    def champion(self) -> Version | None:
        """The version that answers now, if there is one."""
        try:
            return _version(self._client.get_model_version_by_alias(self.name, CHAMPION))
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def find(self, identity: str) -> Version | None:
        """The version that the same data, config and code made, if there is one."""
        versions = self._client.search_model_versions(f"name = '{self.name}'")
        return next(
            (_version(each) for each in versions if each.tags.get(IDENTITY) == identity), None
        )

    def rival(self, version: Version) -> Version | None:
        """Who holds the place that a version wants: the champion, if there is one.

        A version that took the place already, and was killed before it said so, is held against the
        one it replaced: the decision comes out as it did.
        """
        champion = self.champion()
        if champion is None or champion.number != version.number:
            return champion
        if not version.replaced:
            return None
        return self.version(version.replaced)

    def version(self, number: str) -> Version:
        """The version of this number."""
        return _version(self._client.get_model_version(self.name, number))

    def register(self, variant_run_id: str, identity: str, split: str) -> Version:
        """Make a version of a variant's model, or find the one that was made before."""
        version = self.find(identity) or self._create(variant_run_id, identity, split)
        self._client.set_registered_model_alias(self.name, CHALLENGER, version.number)
        return version

    def _create(self, variant_run_id: str, identity: str, split: str) -> Version:
        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        mlflow.set_tracking_uri(self._uri)  # MLflow looks the logged model up in it
        outputs = self._client.get_run(variant_run_id).outputs
        assert outputs is not None
        (output,) = outputs.model_outputs
        made = self._client.create_model_version(
            self.name,
            source=f"models:/{output.model_id}",
            run_id=variant_run_id,
            tags={IDENTITY: identity, SPLIT: split},
            model_id=output.model_id,
        )
        return _version(made)

    def settle(self, version: Version, decision: Decision) -> None:
        """Write a decision down, and obey it."""
        champion = self.champion()
        tags = {REASON: decision.reason}
        if decision.promoted and champion and champion.number != version.number:
            tags[REPLACED] = champion.number
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version.number, key, value)
        if decision.promoted:
            self._client.set_registered_model_alias(self.name, CHAMPION, version.number)
        outcome = PROMOTED if decision.promoted else KEPT_OUT
        self._client.set_model_version_tag(self.name, version.number, DECISION, outcome)

    def rollback(self) -> tuple[Version, str]:
        """Put the champion's predecessor back: the version that leaves, and the one that comes.

        Raises:
            InputError: there is no champion, or it replaced none.
        """
        with promotion_lock(self.name, self._uri):
            champion = self.champion()
            if champion is None or not champion.replaced:
                raise InputError(
                    "rolling back needs a champion that replaced another, however: "
                    f"{self.name!r} "
                    f"{'has no champion' if champion is None else 'had no other champion before'}; "
                    "set the alias in MLflow by hand"
                )
            self._client.set_registered_model_alias(self.name, CHAMPION, champion.replaced)
            return champion, champion.replaced

    def profile(self, version: Version) -> Profile | None:
        """How the features of a version's training rows were distributed, if its run still says."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                file = self._client.download_artifacts(self._parent(version), PROFILE, folder)
                return Profile.model_validate_json(Path(file).read_bytes())
        except (MlflowException, OSError, ValueError) as error:
            logger.warning("drift is not measured: version %s: %s", version.number, error)
            return None

    def log_drift(self, version: Version, drift: Drift) -> None:
        """Add today's drift to the run that a version comes from: one point more in its charts."""
        run_id = self._parent(version)
        now = datetime.now(UTC)
        milliseconds = int(now.timestamp() * 1000)
        step = len(self._client.get_metric_history(run_id, "drift_largest_psi"))
        self._client.log_batch(
            run_id,
            [
                Metric("drift_largest_psi", drift.largest_psi, milliseconds, step),
                Metric("drift_outside_share", drift.outside_share, milliseconds, step),
            ],
        )
        day = now.strftime("%Y-%m-%dT%H-%M-%S")
        self._client.log_dict(run_id, drift.model_dump(mode="json"), f"drift/{day}.json")
        self._client.log_figure(run_id, drift_figure(drift), f"drift/{day}.png")

    def _parent(self, version: Version) -> str:
        """The run of the pipeline that a version's variant belongs to."""
        return str(self._client.get_run(version.run_id).data.tags["mlflow.parentRunId"])

    def bundle(self, version: Version) -> bytes:
        """The bundle of a version, as the bytes of its file."""
        return fetch_bundle(f"models:/{self.name}/{version.number}", self._client)


def connect(uri: str) -> MlflowClient:
    """A client of a store that has its tables: two first runs at once would both make them.

    Raises:
        InputError: the store cannot be used.
    """
    try:
        with setup_lock() if uri.startswith("sqlite") else nullcontext():
            # Without its own URI, the registry would be wherever MLFLOW_REGISTRY_URI says.
            client = MlflowClient(uri, registry_uri=uri)
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
    except MlflowException as error:
        raise InputError(
            f"tracking.uri must lead to an MLflow store, however: {uri}: {error.message}; "
            "check the address, and that the server runs"
        ) from None
    return client


def quiet() -> None:
    """Only warnings of MLflow's concern a user; its first start would print its migrations."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _version(found: ModelVersion) -> Version:
    tags = found.tags or {}
    return Version(
        number=str(found.version),
        run_id=found.run_id or "",
        identity=tags.get(IDENTITY, ""),
        split=tags.get(SPLIT, ""),
        decision=tags.get(DECISION, ""),
        reason=tags.get(REASON, ""),
        replaced=tags.get(REPLACED, ""),
    )
