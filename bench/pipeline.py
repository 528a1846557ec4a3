"""The stages that compute, one after the other, without Prefect."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from slipstream.artifacts.references import (
    Bundles,
    DatasetRef,
    FeatureMask,
    NetworkRef,
    PreparedRef,
    TeacherRef,
)
from slipstream.artifacts.store import Store
from slipstream.config.optimize import OptimizeConfig
from slipstream.data import ingestion
from slipstream.evaluation.int8_loss import keep_within
from slipstream.features import preprocessing
from slipstream.quantization import variants
from slipstream.search import elimination, search
from slipstream.search.shapes import Asked
from slipstream.training import fitting
from slipstream.training.teaching.teacher import teach

__all__ = ["Computed", "Start", "compute", "finish", "start"]


@dataclass(frozen=True)
class Start:
    """What is the same however many columns the model reads; `seconds` are of each stage."""

    dataset: DatasetRef
    prepared: PreparedRef
    teacher: TeacherRef | None
    seconds: dict[str, float]


@dataclass(frozen=True)
class Computed:
    """What a run passes on before anything is measured; `seconds` are of each stage."""

    dataset: DatasetRef
    prepared: PreparedRef
    mask: FeatureMask
    hidden: list[int]
    network: NetworkRef
    bundles: Bundles
    seconds: dict[str, float]


def compute(config: OptimizeConfig, store: Store) -> Computed:
    """Ingest, preprocess, teach, select, search, train and quantise.

    Raises:
        InputError: the table or the config breaks a rule.
    """
    return finish(start(config, store), config, store)


def start(config: OptimizeConfig, store: Store) -> Start:
    """Carry out the stages that `features` and `model.hidden` have no part in."""
    model, seconds = config.model, dict[str, float]()
    with _timed("ingest", seconds):
        dataset = ingestion.ingest(config.data, store)
    with _timed("preprocess", seconds):
        monotone = config.features.monotone
        prepared = preprocessing.preprocess(dataset, model.encoding, model.bins, store, monotone)
    teacher = None
    if config.training.distill != "off":
        with _timed("teach", seconds):
            file, seed = config.training.teacher, config.training.seed
            teacher = teach(dataset, prepared, file, seed, store)
    return Start(dataset, prepared, teacher, seconds)


def finish(begun: Start, config: OptimizeConfig, store: Store) -> Computed:
    """Carry out the other stages."""
    dataset, prepared, seconds = begun.dataset, begun.prepared, dict(begun.seconds)
    hidden, rows = config.model.hidden, config.quantization.calibration_rows
    with _timed("select", seconds):
        asked, tolerance = config.selection, config.search.tolerance
        mask = elimination.select(prepared, begun.teacher, asked, tolerance, store)
    if config.search.mode != "off":
        with _timed("search", seconds):
            wanted = Asked(config.search, config.budget, config.features.k)
            found = search.search(dataset, prepared, begun.teacher, mask, wanted, store)
        mask, hidden = found.mask, list(found.hidden)
    with _timed("train", seconds):
        network = fitting.train(
            prepared, begun.teacher, mask, hidden, config.training, store, lambda _: None
        )
    with _timed("quantize", seconds):
        made = variants.quantize(dataset, prepared, mask, network, rows, config.evaluation, store)
        bundles = keep_within(made, dataset, config.quantization, store)
    return Computed(dataset, prepared, mask, hidden, network, bundles, seconds)


@contextmanager
def _timed(stage: str, seconds: dict[str, float]) -> Iterator[None]:
    """Note how many seconds a stage takes."""
    begun = perf_counter()
    yield
    seconds[stage] = perf_counter() - begun
