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
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation.int8_loss import keep_within
from slipstream.features.preprocessing import selected_columns
from slipstream.quantization import variants
from tasks.support.stage import cached


@task(**cached("quantize"))
def quantize(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    network: NetworkRef,
    quantization: QuantizationConfig,
    evaluation: EvaluationConfig,
) -> Bundles:
    """Fold the network, calibrate its probabilities, choose a threshold, make both bundles.

    Where int8 loses more than is allowed on validation rows, its integers are fine-tuned.
    """
    store, rows = open_store(), quantization.calibration_rows
    made = variants.quantize(dataset, prepared, mask, network, rows, evaluation, store)
    is_bound = any(column.direction for column in selected_columns(prepared, mask, store))
    return keep_within(made, dataset, quantization, store, is_bound=is_bound)
