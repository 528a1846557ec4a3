"""Our arms: what `slipstream optimize` makes of a table by default, for some numbers of columns."""

from collections.abc import Iterator

from bench.pipeline import Computed, Start, finish
from bench.quality.fitted import TIMED_ROWS, Fitted
from slipstream.artifacts.store import Store
from slipstream.config.optimize import OptimizeConfig
from slipstream.data.snapshot import Snapshot
from slipstream.measurement.latency import row_arm
from slipstream.runtime import load_file
from slipstream.runtime.types import Precision

__all__ = ["ALL", "CHOSEN", "FIVE", "NAMES", "name_of", "ours"]

FIVE, CHOSEN, ALL = "k = 5, 32 x 32", "chosen k", "all columns"


def name_of(precision: Precision, columns: str) -> str:
    """The arm of a variant."""
    return f"Slipstream {precision}, {columns}"


NAMES = [name_of(each, k) for k in (FIVE, CHOSEN, ALL) for each in ("float32", "int8")]


def ours(begun: Start, config: OptimizeConfig, store: Store) -> Iterator[Fitted]:
    """Train what the run finds by itself, its hidden layers on all columns, and 32 x 32 on five.

    Where the table has no more than five columns, five would be all of them, and are left out.
    """
    found = finish(begun, config, store)
    yield from _variants(CHOSEN, found, store)
    width = begun.prepared.width
    yield from _variants(ALL, finish(begun, _fixed(config, width, found.hidden), store), store)
    if width > 5:
        yield from _variants(FIVE, finish(begun, _fixed(config, 5, [32, 32]), store), store)


def _fixed(config: OptimizeConfig, k: int, hidden: list[int]) -> OptimizeConfig:
    """The config of a run that is to read so many columns, and searches nothing."""
    changed = {
        "features": config.features.model_copy(update={"k": k}),
        "model": config.model.model_copy(update={"hidden": hidden}),
        "search": config.search.model_copy(update={"mode": "off"}),
    }
    return config.model_copy(update=changed)


def _variants(columns: str, computed: Computed, store: Store) -> Iterator[Fitted]:
    test = Snapshot(computed.dataset, store).rows("test")
    for precision, bundle in computed.bundles.variants.items():
        model = load_file(store.path(bundle.file))
        widths = [len(model.features), *(len(layer.bias) for layer in model.bundle.layers)]
        yield Fitted(
            name=name_of(precision, columns),
            answers=model.predict(test[model.features]),
            one_row=row_arm(model, test.head(TIMED_ROWS)),
            seconds=computed.seconds,
            size_bytes=bundle.file.size_bytes,
            columns=len(model.features),
            note="-".join(map(str, widths)),
        )
