"""Stage 5, quantize: the network becomes a float32 and an int8 bundle."""

from prefect import task

from slipstream import quantization
from slipstream.references import Bundles, DatasetRef, FeatureMask, NetworkRef, PreparedRef
from slipstream.store import open_store
from tasks.stage import cached


@task(**cached("quantize", __name__))
def quantize(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    network: NetworkRef,
    calibration_rows: int,
) -> Bundles:
    """Fold the network, calibrate it on training rows, and write both bundles."""
    return quantization.quantize(dataset, prepared, mask, network, calibration_rows, open_store())
