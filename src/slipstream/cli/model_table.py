"""The registry on the terminal: its models, their versions, and what happened to them."""

import time
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.units import microseconds, size
from slipstream.reporting.comparison import SCORE_LABELS, write_score
from slipstream.reporting.terminal.screen import Screen
from slipstream.runtime.text import escape
from slipstream.tracking.describing import Variant
from slipstream.tracking.registry import (
    CHALLENGER,
    CHAMPION,
    KEPT_OUT,
    PROMOTED,
    ROLLED_BACK,
    Registry,
    Version,
    registered_models,
)

__all__ = ["show_models"]

EMPTY = (
    "No model is registered in {uri} yet.\n"
    "Train one: slipstream retrain --data.path TABLE.csv --data.target COLUMN"
)
TEXTS, FIGURES = ("version", "alias", "decided", "variant"), ("p99", "file", "age")
SCORES: tuple[ScoreName, ...] = ("test_auc", "test_log_loss")
SCORES_OF_NUMBERS: tuple[ScoreName, ...] = ("test_r2", "test_rmse")
SCORES_OF_QUANTILES: tuple[ScoreName, ...] = ("test_d2_pinball", "test_pinball")
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def show_models(name: str, tracking_uri: str) -> None:
    """Print every model's versions, or those of one model and what happened to them.

    Raises:
        InputError: there is no such model.
    """
    screen = Screen()
    if name:
        registry = Registry(name, tracking_uri)
        registry.check()
        versions = registry.versions()
        screen.print(_versions(registry, versions))
        for line in _history(versions):
            screen.print(line, soft_wrap=True)
        return
    models = registered_models(tracking_uri)
    for each in models:
        screen.print(_versions(each, each.versions()))
    if not models:
        screen.print(Text(EMPTY.format(uri=escape(tracking_uri))))


def _versions(registry: Registry, versions: Sequence[Version]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title=Text(escape(registry.name)),
        title_justify="left",
        title_style="bold",
    )
    variants = [registry.origin(version).variant() for version in versions]
    scores = _scores(variants)
    for header in TEXTS:
        table.add_column(header)
    for header in (*(SCORE_LABELS[each] for each in scores), *FIGURES):
        table.add_column(header, justify="right")
    aliases = registry.aliases()
    for version, variant in zip(versions, variants, strict=True):
        held = [alias for alias in sorted(aliases) if aliases[alias] == version.number]
        shown = [alias for alias in held if alias != CHALLENGER or CHAMPION not in held]
        table.add_row(
            version.number,
            Text(escape(", ".join(shown))),
            Text(escape(version.decision or "not yet")),
            variant.precision,
            *_figures(variant, scores),
            _age(time.time() - version.made_ms / 1000),
            style="bold green" if CHAMPION in held else None,
        )
    return table


def _scores(variants: Sequence[Variant]) -> tuple[ScoreName, ...]:
    """What is shown: PR-AUC too, and first, if positives are rare in any version's data."""
    if any("test_r2" in variant.metrics for variant in variants):
        return SCORES_OF_NUMBERS
    if any("test_d2_pinball" in variant.metrics for variant in variants):
        return SCORES_OF_QUANTILES
    is_rare = any(variant.leading_score == "test_pr_auc" for variant in variants)
    return ("test_pr_auc", *SCORES) if is_rare else SCORES


def _figures(variant: Variant, scores: Sequence[ScoreName]) -> list[str]:
    metrics = variant.metrics
    written = [write_score(key, metrics[key]) if key in metrics else "" for key in scores]
    shown = (("latency_p99_us", microseconds), ("bundle_bytes", size))
    return [*written, *(form(metrics[key]) if key in metrics else "" for key, form in shown)]


def _history(versions: Sequence[Version]) -> list[Text]:
    """What happened, the latest first, one line per event."""
    events = [(each, version.number) for version in versions for each in version.history]
    events.sort(key=lambda each: each[0].when, reverse=True)
    dated = [
        f"  {event.date}  version {number} {escape(event.sentence)}" for event, number in events
    ]
    decisions = (PROMOTED, KEPT_OUT, ROLLED_BACK)
    before = [  # decided by an earlier release, which wrote neither when nor by whom
        f"  {'earlier':<23}  version {each.number} {each.decision}: {escape(each.reason)}"
        for each in versions
        if each.decision and not any(event.what in decisions for event in each.history)
    ]
    return [Text(line) for line in (*dated, *before)]


def _age(seconds: float) -> str:
    """How long ago, in the largest unit that has passed."""
    for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return "now"
