"""Retrain: what made the champion, and whether a challenger takes its place."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.config.optimize import OptimizeConfig
from slipstream.data.snapshot import load_part
from slipstream.evaluation.drift import Drift, held_against, measure
from slipstream.evaluation.scoring import SCORING
from slipstream.lifecycle.promotion import Champion, Fit, check_schema, check_split, decide
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.runtime import Bundle, InputError, Predictor, load_file
from slipstream.runtime.bundle import parse, read
from slipstream.tracking.locking import promotion_lock
from slipstream.tracking.registry import Registry, Version

__all__ = [
    "check_champion",
    "find_champion",
    "identity",
    "inherit",
    "is_settled",
    "measure_drift",
    "promote",
    "unchanged",
]

UNCHANGED = "unchanged, champion kept"


def find_champion(config: OptimizeConfig, store: Store) -> Champion | None:
    """The champion of the config's model, if there is one; its bundle goes to the store."""
    registry = Registry(config.name, config.tracking.uri)
    version = registry.champion()
    if version is None:
        return None
    data = registry.bundle(version)
    return Champion(
        version=version.number,
        bundle=store.put(data, ".safetensors"),
        classes=parse(data).classes,
        split=_split_of(version),
    )


def inherit(config: OptimizeConfig, champion: Champion | None) -> OptimizeConfig:
    """The config with the champion's positive label, where it names none of its own."""
    if champion is None or config.data.positive:
        return config
    data = config.data.model_copy(update={"positive": champion.classes[1]})
    return config.model_copy(update={"data": data})


def check_champion(champion: Champion, dataset: DatasetRef, store: Store) -> Fit:
    """Check that champion and challenger can be compared on the new data.

    Raises:
        InputError: the columns or labels changed, or the split would mix the champion's training
            rows into the test.
    """
    check_schema(read(store.path(champion.bundle)), dataset)
    return Fit(warnings=check_split(champion.split, dataset.split))


def measure_drift(
    champion: Champion, dataset: DatasetRef, config: OptimizeConfig, store: Store
) -> Drift | None:
    """How far today's data is from the champion's; written down where its run is."""
    registry = Registry(config.name, config.tracking.uri)
    version = registry.version(champion.version)
    then = registry.profile(version)
    if then is None:
        return None
    rows, _ = load_part(dataset, "train", store)
    drift = measure(then, read(store.path(champion.bundle)).columns, rows)
    registry.log_drift(version, drift)
    return held_against(drift, config.drift)


def identity(dataset: DatasetRef, config: OptimizeConfig, code: Mapping[str, str]) -> str:
    """A digest of the data, the config and the code that make a model."""
    # Where the data lies, where runs are kept and what is warned of make no model; the positive
    # label is resolved.
    unrelated: Mapping[str, Any] = {"tracking": True, "drift": True, "data": {"path", "positive"}}
    parts = {
        "data": [dataset.table.sha256, *dataset.classes],
        "config": config.model_dump(mode="json", exclude=unrelated),
        "code": dict(code),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def unchanged(champion: Champion | None) -> Decision:
    """The decision where the same model was decided on before: nothing is done."""
    if champion is None:
        reason = "unchanged, and there is no champion yet"
        return Decision(promoted=False, reason=reason, had_champion=False)
    return Decision(promoted=False, reason=UNCHANGED, version=champion.version)


def is_settled(config: OptimizeConfig, made_by: str) -> bool:
    """Whether a model of this identity was registered and decided on before."""
    version = Registry(config.name, config.tracking.uri).find(made_by)
    return version is not None and bool(version.decision)


def promote(record: RunRecord, tracked: TrackedRun, made_by: str, store: Store) -> Decision:
    """Register the winner as challenger, hold it against the champion, and obey the decision.

    One at a time a model; repeated, it finds what was decided before.
    """
    winner = record.comparison.verdict.winner
    registry = Registry(record.config.name, record.config.tracking.uri)
    if winner is None:
        return Decision(
            promoted=False,
            reason=f"the challenger is out: {record.comparison.verdict.reason}",
            met_budget=False,
            had_champion=registry.champion() is not None,
        )
    rows, labels = load_part(record.dataset, "test", store)
    target, scoring = labels.to_numpy(), SCORING[record.dataset.task]
    challenger = load_file(store.path(record.bundles.variants[winner].file))
    with promotion_lock(record.config.name, record.config.tracking.uri):
        champion = registry.champion()
        if champion is not None:  # it may be another one than when this run began
            check_split(_split_of(champion), record.dataset.split)
        split = record.dataset.split.model_dump_json()
        version = registry.register(tracked.variants[winner], made_by, split)
        if version.decision:
            return Decision(
                promoted=version.is_promoted,
                reason=version.reason,
                had_champion=champion is not None,
                version=version.number,
            )
        rival = registry.rival(version)
        losses = None
        if rival is not None:
            answers = _tolerant(parse(registry.bundle(rival))).predict(rows)
            losses = scoring.row_losses(target, answers)
        decision = decide(
            scoring,
            guess_losses=scoring.row_losses(target, scoring.guess(target)),
            champion_losses=losses,
            challenger_losses=scoring.row_losses(target, challenger.predict(rows)),
        )
        registry.settle(version, decision)
    found = {"version": version.number, "had_champion": champion is not None}
    return decision.model_copy(update=found)


def _tolerant(champion: Bundle) -> Predictor:
    """The champion, without its refusals: a value that is new to be missing counts as average."""
    columns = tuple(replace(column, allows_missing=True) for column in champion.columns)
    return Predictor(replace(champion, columns=columns))


def _split_of(champion: Version) -> SplitRule:
    try:
        return SplitRule.model_validate_json(champion.split)
    except ValidationError:
        raise InputError(
            "a champion must say how its rows were split, so that it is not tested on rows it was "
            f"trained on, however: version {champion.number} does not (its tag slipstream.split); "
            "set the alias on a version that a retraining registered, or train under another model "
            "name"
        ) from None
