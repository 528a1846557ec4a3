"""Stage 5, quantize: the network becomes a float32 and an int8 bundle."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import (
    Bundles,
    DatasetRef,
    FeatureMask,
    NetworkRef,
    PreparedRef,
)
from slipstream.config.evaluation import EvaluationConfig
from slipstream.quantization import variants
from tasks.support.stage import cached


@task(**cached("quantize"))
def quantize(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    network: NetworkRef,
    calibration_rows: int,
    evaluation: EvaluationConfig,
) -> Bundles:
    """Fold the network, choose a threshold, calibrate int8 on training rows, write both bundles."""
    return variants.quantize(
        dataset, prepared, mask, network, calibration_rows, evaluation, open_store()
    )
