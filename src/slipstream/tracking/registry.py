"""The registry: versions of a model, and which of them is the champion.

Every step can be repeated: a version is found again from the identity of its data, config and code,
its tags come with it in one write, and an alias moves in one write. So a run that was killed in
between and is started again finds one version, and there is a champion at all times. The decision
tag is written so that a repeated run does the same: by a promotion after the alias has moved (until
then it counts as undecided), by a rollback before (until then the same version is champion).
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.artifacts.home import resolve_tracking_uri
from slipstream.reporting.record import Decision
from slipstream.runtime import InputError
from slipstream.runtime.text import did_you_mean, listing, quote
from slipstream.tracking import history
from slipstream.tracking.connection import connect, quiet
from slipstream.tracking.describing import describe_model, describe_version, may_replace
from slipstream.tracking.download import fetch_bundle, model_names
from slipstream.tracking.history import Event
from slipstream.tracking.locking import promotion_lock
from slipstream.tracking.origin import Origin

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "KEPT_OUT",
    "PROMOTED",
    "Registry",
    "Version",
    "registered_models",
]

CHAMPION, CHALLENGER = "champion", "challenger"
IDENTITY, SPLIT = "slipstream.identity", "slipstream.split"
PROMOTED, KEPT_OUT, ROLLED_BACK = "promoted", "kept out", "rolled back"
DECISION, REASON, REPLACED = "slipstream.decision", "slipstream.reason", "slipstream.replaced"
HISTORY = "slipstream.history"
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
        """Whether the decision was to promote this version."""
        return self.decision == PROMOTED


class Registry:
    """The versions of one registered model."""

    def __init__(self, name: str, tracking_uri: str, client: MlflowClient | None = None) -> None:
        """The model of this name; `client` is one of the same store, if it is connected already."""
        quiet()
        self.name = name
        self._uri = resolve_tracking_uri(tracking_uri)
        self._client = client or connect(self._uri)

    def champion(self) -> Version | None:
        """The version that is champion now, if there is one."""
        try:
            return _version(self._client.get_model_version_by_alias(self.name, CHAMPION))
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def find(self, identity: str) -> Version | None:
        """The version made from the same data, config and code, if there is one."""
        versions = self._client.search_model_versions(f"name = '{self.name}'")
        return next(
            (_version(each) for each in versions if each.tags.get(IDENTITY) == identity), None
        )

    def rival(self, version: Version) -> Version | None:
        """The version that this one is compared with: the champion, if there is one.

        If a run died after promotion but before recording it, compare with the replaced version:
        the decision is the same as before.
        """
        champion = self.champion()
        if champion is None or champion.number != version.number:
            return champion
        if not version.replaced:
            return None
        return self.version(version.replaced)

    def version(self, number: str) -> Version:
        """The version with this number."""
        return _version(self._client.get_model_version(self.name, number))

    def register(self, variant_run_id: str, identity: str, split: str) -> Version:
        """Create a version of a variant's model, or find the one created before."""
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
        """Record a decision, and carry it out."""
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
        """Put the champion's predecessor back; returns the old champion and the new one's number.

        Args:
            why: recorded in the tags of both.

        Raises:
            InputError: there is no such model, no champion, or the champion replaced none.
        """
        if len(why) > REASON_CHARACTERS:
            raise InputError(
                f"--reason must have {REASON_CHARACTERS:,} characters at most, however: "
                f"{len(why):,}; say it in fewer"
            )
        self.check()
        with self.lock():
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
        names = model_names(self._client)
        if self.name in names:
            return
        meant = did_you_mean(self.name, names)
        there = f"there are {listing(names)}" if names else "none is registered yet"
        raise InputError(
            f"a model must be registered, however: {quote(self.name)} is not; {meant}{there}; "
            "slipstream retrain registers one"
        )

    def versions(self) -> list[Version]:
        """Every version, the newest first."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        return sorted(map(_version, found), key=lambda each: int(each.number), reverse=True)

    def aliases(self) -> Mapping[str, str]:
        """The version that each alias names, such as champion and challenger."""
        return {
            alias: str(number)
            for alias, number in self._client.get_registered_model(self.name).aliases.items()
        }

    def _tag(self, version: Version, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version.number, key, value)

    def _happened(self, version: Version, event: Event) -> Version:
        """Add an event to a version's history, in its tag and in its description."""
        events = history.add(version.history, event)
        self._tag(version, {HISTORY: history.write(events)})
        written = self._client.get_model_version(self.name, version.number).description
        if may_replace(written):
            text = describe_version(self.origin(version).variant(), events)
            self._client.update_model_version(self.name, version.number, text)
        return replace(version, history=events)

    def _describe(self, champion: Version) -> None:
        """Describe the champion on the model's page."""
        if may_replace(self._client.get_registered_model(self.name).description):
            variant = self.origin(champion).variant()
            text = describe_model(self.name, champion.number, variant, champion.history[-1])
            self._client.update_registered_model(self.name, text)

    def origin(self, version: Version) -> Origin:
        """The run that a version comes from."""
        return Origin(self._client, version.number, version.run_id)

    def lock(self) -> AbstractContextManager[None]:
        """Wait for other promotions of this model to end, and block new ones meanwhile.

        Raises:
            InputError: another process holds it for too long, or the database does not answer.
        """
        return promotion_lock(self.name, self._uri)

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


def registered_models(tracking_uri: str) -> list[Registry]:
    """Every registered model of a store, by name."""
    quiet()
    client = connect(resolve_tracking_uri(tracking_uri))
    return [Registry(each, tracking_uri, client) for each in model_names(client)]
