"""The registry: versions of a model, and which of them is the champion.

Every step can be repeated: a version is found again by the identity of what made it, tags come with
the version in one write, and an alias moves in one write. So whoever is killed in between and runs
again finds one version, and a champion all the time. What a version's tags say last is written so
that the same again writes the same: a promotion says so after the alias has moved (until then it
counts as undecided), a rollback before (until then the same version is champion, and leaves).
"""

import difflib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.artifacts.home import resolve_tracking_uri
from slipstream.evaluation.drift import Drift, Profile
from slipstream.reporting.plots import drift_figure
from slipstream.reporting.record import Decision
from slipstream.runtime import InputError
from slipstream.runtime.text import listing, quote
from slipstream.tracking import history
from slipstream.tracking.connection import connect, quiet
from slipstream.tracking.describing import (
    Variant,
    describe_model,
    describe_version,
    may_replace,
)
from slipstream.tracking.download import fetch_bundle
from slipstream.tracking.history import Event
from slipstream.tracking.locking import promotion_lock

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "KEPT_OUT",
    "LEADING_SCORE",
    "PRECISION",
    "PROFILE",
    "PROMOTED",
    "Registry",
    "Version",
    "model_names",
]

logger = logging.getLogger("slipstream")

PROFILE = "training_profile.json"  # of the parent run
CHAMPION, CHALLENGER = "champion", "challenger"
IDENTITY, SPLIT = "slipstream.identity", "slipstream.split"
PROMOTED, KEPT_OUT, ROLLED_BACK = "promoted", "kept out", "rolled back"
DECISION, REASON, REPLACED = "slipstream.decision", "slipstream.reason", "slipstream.replaced"
HISTORY = "slipstream.history"
PRECISION = "slipstream.precision"  # of a variant's run, and the next
LEADING_SCORE = "slipstream.leading_score"
REASON_CHARACTERS = 1_000


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
    history: tuple[Event, ...] = ()
    made_ms: int = 0

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
        rival = self.rival(version)
        outcome = PROMOTED if decision.promoted else KEPT_OUT
        event = history.now(outcome, decision.reason, rival.number if rival else "")
        tags = {REASON: decision.reason}
        if decision.promoted and rival:
            tags[REPLACED] = rival.number
        self._tag(version, tags)
        settled = self._happened(version, event)
        if decision.promoted:
            self._client.set_registered_model_alias(self.name, CHAMPION, version.number)
            if rival:
                why = f"version {version.number} is better"
                self._happened(rival, history.now("replaced", why, version.number))
            self._describe(settled)
        self._tag(version, {DECISION: outcome})

    def rollback(self, why: str = "") -> tuple[Version, str]:
        """Put the champion's predecessor back: the version that leaves, and the one that comes.

        Args:
            why: for the tags of both.

        Raises:
            InputError: there is no such model, no champion, or it replaced none.
        """
        if len(why) > REASON_CHARACTERS:
            raise InputError(
                f"--reason must have {REASON_CHARACTERS:,} characters at most, however: "
                f"{len(why):,}; say it in fewer"
            )
        self.check()
        with promotion_lock(self.name, self._uri):
            champion = self.champion()
            if champion is None or not champion.replaced:
                raise InputError(
                    "rolling back needs a champion that replaced another, however: "
                    f"{self.name!r} "
                    f"{'has no champion' if champion is None else 'had no other champion before'}; "
                    "set the alias in MLflow by hand"
                )
            back = self.version(champion.replaced)
            reason = why or "no reason was given"
            leaves = history.now(ROLLED_BACK, reason, back.number)
            self._happened(champion, leaves)
            self._tag(
                champion,
                {REASON: f"rolled back to version {back.number}: {reason}", DECISION: ROLLED_BACK},
            )
            self._describe(self._happened(back, history.now("put back", reason, champion.number)))
            self._client.set_registered_model_alias(self.name, CHAMPION, back.number)
            return champion, back.number

    def check(self) -> None:
        """Check that the model is registered.

        Raises:
            InputError: it is not; names near it are suggested.
        """
        names = _names(self._client)
        if self.name in names:
            return
        near = difflib.get_close_matches(self.name, names)
        meant = f"did you mean {' or '.join(map(quote, near))}? " if near else ""
        there = f"there are {listing(names)}" if names else "there is none yet"
        raise InputError(
            f"a model must be registered, however: {quote(self.name)} is not; {meant}{there}; "
            "slipstream retrain registers one"
        )

    def versions(self) -> list[Version]:
        """Every version, the newest first."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        return sorted(map(_version, found), key=lambda each: int(each.number), reverse=True)

    def aliases(self) -> Mapping[str, str]:
        """Who is champion, who challenger, and what else somebody named: alias to version."""
        return {
            alias: str(number)
            for alias, number in self._client.get_registered_model(self.name).aliases.items()
        }

    def variant(self, version: Version) -> Variant:
        """A version's precision and its figures; nothing where its run was deleted for good."""
        try:
            data = self._client.get_run(version.run_id).data
            tags, metrics = data.tags, data.metrics
        except MlflowException:
            tags, metrics = {}, {}
        # Runs of an earlier release do not say which score leads.
        return Variant(tags.get(PRECISION, ""), metrics, tags.get(LEADING_SCORE, "test_auc"))

    def _tag(self, version: Version, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version.number, key, value)

    def _happened(self, version: Version, event: Event) -> Version:
        """Add to what happened to a version, in its tag and in its description."""
        events = history.add(version.history, event)
        self._tag(version, {HISTORY: history.write(events)})
        told = self._client.get_model_version(self.name, version.number).description
        if may_replace(told):
            text = describe_version(self.variant(version), events)
            self._client.update_model_version(self.name, version.number, text)
        return replace(version, history=events)

    def _describe(self, champion: Version) -> None:
        """Say on the model's page who is champion."""
        if may_replace(self._client.get_registered_model(self.name).description):
            text = describe_model(
                self.name, champion.number, self.variant(champion), champion.history[-1]
            )
            self._client.update_registered_model(self.name, text)

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
        history=history.read(tags.get(HISTORY, "")),
        made_ms=found.creation_timestamp or 0,
    )


def model_names(tracking_uri: str) -> list[str]:
    """Every registered model of a store, in order."""
    quiet()
    return _names(connect(resolve_tracking_uri(tracking_uri)))


def _names(client: MlflowClient) -> list[str]:
    names: list[str] = []
    token = None
    while token != "":
        page = client.search_registered_models(page_token=token)
        names += [model.name for model in page]
        token = page.token or ""
    return sorted(names)
