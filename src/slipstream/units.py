"""Figures with their units, as a person reads them."""

__all__ = ["microseconds"]


def microseconds(value: float) -> str:
    """A latency: 0.17 µs, 3.2 µs, 1,200 µs."""
    digits = 2 if value < 1 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} µs"
