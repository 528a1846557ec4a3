"""Retrain: a challenger is compared with the champion, and replaces it only if it is better."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.config.drift import DriftConfig
from slipstream.config.optimize import OptimizeConfig
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.drift import Drift, held_against, measure, training_target
from slipstream.lifecycle.comparable import Comparable, comparable
from slipstream.lifecycle.promotion import (
    Champion,
    Fit,
    check_schema,
    check_split,
    decide,
    knows_the_answer,
)
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.runtime import Bundle, InputError, Predictor, load_file
from slipstream.runtime.bundle import parse, read
from slipstream.tracking.registry import Registry, Version
from slipstream.training.teaching.given import fingerprint

__all__ = [
    "check_champion",
    "find_champion",
    "identity",
    "inherit",
    "is_settled",
    "measure_drift",
    "naming_the_champion",
    "promote",
    "unchanged",
]

logger = logging.getLogger("slipstream")

UNCHANGED = "unchanged, champion kept"


def find_champion(registry: Registry, store: Store) -> Champion | None:
    """The model's champion, if there is one; its bundle goes to the store."""
    version = registry.champion()
    if version is None:
        return None
    data = registry.bundle(version)
    bundle = parse(data)
    return Champion(
        version=version.number,
        bundle=store.put(data, ".safetensors"),
        task=bundle.task,
        classes=bundle.classes,
        quantiles=bundle.quantiles,
        split=_split_of(version),
    )


def inherit(config: OptimizeConfig, champion: Champion | None) -> OptimizeConfig:
    """The config, with the champion's kind of target, levels and labels where it says none."""
    if champion is None:
        return config
    data = config.data
    inherited: dict[str, Any] = {}
    if data.kind == "auto" and champion.quantiles:
        inherited["quantiles"] = list(champion.quantiles)
    elif data.kind == "auto":
        inherited["task"] = champion.task
    if data.kind in ("auto", champion.task):
        if champion.task == "binary" and not data.positive:
            inherited["positive"] = champion.classes[1]
        if champion.classes and not data.labels:
            inherited["labels"] = list(champion.classes)
    return config.model_copy(update={"data": data.model_copy(update=inherited)})


@contextmanager
def naming_the_champion(
    asked: OptimizeConfig, config: OptimizeConfig, champion: Champion | None
) -> Iterator[None]:
    """Say of an error that names an inherited field that its value is the champion's.

    Args:
        asked: the config as the user wrote it.
        config: the config with what it inherited.
        champion: whose it is; None if there is none.

    Raises:
        InputError: the same error, and where the value comes from.
    """
    try:
        yield
    except InputError as error:
        inherited = [
            f"data.{field} = {getattr(config.data, field)}"
            for field in ("task", "quantiles", "positive")
            if getattr(config.data, field) != getattr(asked.data, field)
            and f"data.{field}" in str(error)
        ]
        if champion is None or not inherited:
            raise
        raise InputError(
            f"{error} (the champion, version {champion.version}, has {' and '.join(inherited)}; "
            "for another kind of target or other labels, train under another model name)"
        ) from None


def check_champion(champion: Champion, dataset: DatasetRef, store: Store) -> Fit:
    """Check that champion and challenger can be compared on the new data.

    Raises:
        InputError: the columns or labels changed, or the split would mix the champion's training
            rows into the test.
    """
    check_schema(read(store.path(champion.bundle)), dataset)
    unchecked = check_split(champion.split, dataset.split)
    known = comparable(dataset, store).unknown_to(champion.split).warnings
    return Fit(warnings=(*unchecked, *known))


def measure_drift(
    registry: Registry, champion: Champion, dataset: DatasetRef, limits: DriftConfig, store: Store
) -> Drift | None:
    """How far today's data is from the champion's; recorded in the champion's run too."""
    origin = registry.origin(registry.version(champion.version))
    then = origin.profile()
    if then is None:
        return None
    if then.target is None:
        logger.warning(
            "drift of the target is not measured: version %s was registered before its "
            "distribution was recorded; the next champion has it",
            champion.version,
        )
    snapshot = Snapshot(dataset, store)
    rows, target = snapshot.rows("train"), training_target(dataset, snapshot)
    drift = measure(then, read(store.path(champion.bundle)).columns, rows, target)
    origin.log_drift(drift)
    return held_against(drift, limits)


def identity(dataset: DatasetRef, config: OptimizeConfig, code: Mapping[str, str]) -> str:
    """A digest of the data, the config and the code that make a model."""
    # Where data and runs are kept and when drift warns do not change the model; the kind of target,
    # its levels and the labels are the dataset's.
    unrelated: Mapping[str, Any] = {
        "tracking": True,
        "drift": True,
        "data": {"path", "positive", "quantiles", "task", "labels"},
    }
    parts = {
        "data": [dataset.table.sha256, dataset.task, *dataset.classes, *dataset.quantiles],
        "config": config.model_dump(mode="json", exclude=unrelated),
        "teacher": fingerprint(config.training.teacher),
        "code": dict(code),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def unchanged(champion: Champion | None) -> Decision:
    """The decision for a model that was decided on before: nothing is done."""
    if champion is None:
        reason = "unchanged, and there is no champion yet"
        return Decision(promoted=False, reason=reason, had_champion=False)
    return Decision(promoted=False, reason=UNCHANGED, version=champion.version)


def is_settled(registry: Registry, made_by: str) -> bool:
    """Whether a model of this identity was registered and decided on before."""
    version = registry.find(made_by)
    return version is not None and bool(version.decision)


def promote(
    registry: Registry, record: RunRecord, tracked: TrackedRun, made_by: str, store: Store
) -> Decision:
    """Register the winner as challenger, compare it with the champion, and carry out the decision.

    One promotion of a model runs at a time; repeated, it reaches the same decision.
    """
    winner = record.comparison.verdict.winner
    if winner is None:
        verdict = record.comparison.verdict
        return Decision(
            promoted=False,
            reason=f"the challenger is out: {verdict.reason}",
            brief=f"the challenger is out: {verdict.reasons[0]}",
            met_budget=False,
            had_champion=registry.champion() is not None,
        )
    test = comparable(record.dataset, store)
    challenger = load_file(store.path(record.bundles.variants[winner].file))
    with registry.lock():
        champion = registry.champion()
        if champion is not None:  # it may have changed since this run began
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
        reigning = None
        if rival is not None:
            reigning = _tolerant(parse(registry.bundle(rival)))
            test = test.unknown_to(_split_of(rival))
        decision = _decide(test, reigning, challenger, record.prepared.copies)
        registry.settle(version, decision)
    found = {"version": version.number, "had_champion": champion is not None}
    return decision.model_copy(update=found)


def _decide(
    test: Comparable, champion: Predictor | None, challenger: Predictor, copies: Sequence[str]
) -> Decision:
    """Compare the two on rows that neither was fitted on, unless that would prove nothing."""
    known = [] if champion is None else [each for each in champion.features if each in copies]
    if refused := knows_the_answer(known) or test.refusal():
        return refused
    decision = decide(
        test.scoring,
        guess_losses=test.guess_losses(),
        champion_losses=None if champion is None else test.losses(champion),
        challenger_losses=test.losses(challenger),
        weights=test.weights,
    )
    if not test.seen:
        return decision
    left_out = f"{test.seen:,} that the champion may know are left out"
    return decision.model_copy(update={"reason": f"{decision.reason} ({left_out})"})


def _tolerant(champion: Bundle) -> Predictor:
    """The champion, refusing no missing value: where training saw none, it counts as average."""
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
