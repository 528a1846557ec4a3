"""What is measured of one model: its latency and its size, with the units in the names."""

from slipstream.artifacts.values import Value

__all__ = ["LatencyFigures", "SizeFigures"]


class LatencyFigures(Value):
    """How long one row takes, hot unless the name says cold, and how many rows a table a second."""

    p50_us: float
    p99_us: float
    cold_p50_us: float
    throughput_rows_per_s: float


class SizeFigures(Value):
    """How large a model is: its weights, all its tensors, and its file."""

    weights_bytes: int
    tensors_bytes: int
    bundle_bytes: int
