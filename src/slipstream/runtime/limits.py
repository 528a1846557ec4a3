"""The largest model allowed, so that the int8 variant's sums stay below 2^31."""

__all__ = ["MAX_BIAS", "MAX_FEATURES", "MAX_WIDTH"]

MAX_FEATURES = 1000  # k * 127 * 2^14 + MAX_BIAS must stay below 2^31
MAX_WIDTH = 16384  # width * 255 * 127 + MAX_BIAS must stay below 2^31
MAX_BIAS = 1 << 25
