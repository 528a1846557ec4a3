"""The stages that compute, one after the other, without Prefect."""

from dataclasses import dataclass

from slipstream.artifacts.references import Bundles, DatasetRef, FeatureMask, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.optimize import OptimizeConfig
from slipstream.data import ingestion
from slipstream.features import preprocessing, selection
from slipstream.quantization import variants
from slipstream.training import fitting
from slipstream.training.teaching.teacher import teach

__all__ = ["Computed", "compute"]


@dataclass(frozen=True)
class Computed:
    """What a run passes on before anything is measured."""

    dataset: DatasetRef
    prepared: PreparedRef
    mask: FeatureMask
    bundles: Bundles


def compute(config: OptimizeConfig, store: Store) -> Computed:
    """Ingest, preprocess, select, train and quantise.

    Raises:
        InputError: the table or the config breaks a rule.
    """
    dataset = ingestion.ingest(config.data, store)
    model = config.model
    prepared = preprocessing.preprocess(dataset, model.encoding, model.bins, store)
    teacher = None
    if config.training.distill != "off":
        teacher = teach(dataset, prepared, config.training.teacher, config.training.seed, store)
    mask = selection.select(prepared, config.features, store)
    network = fitting.train(
        prepared, teacher, mask, model.hidden, config.training, store, lambda _: None
    )
    rows = config.quantization.calibration_rows
    bundles = variants.quantize(dataset, prepared, mask, network, rows, config.evaluation, store)
    return Computed(dataset, prepared, mask, bundles)
