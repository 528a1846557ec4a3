"""Figures with their units, as a person reads them: three significant digits."""

from collections.abc import Sequence

__all__ = [
    "change_factor",
    "difference",
    "join_with_and",
    "microseconds",
    "quantity",
    "rate",
    "share",
    "size",
]


def difference(change: float) -> str:
    """A change of a score: +0.0123, or 0.0000 without a sign."""
    return f"{change:+.4f}" if round(change, 4) else "0.0000"


def change_factor(ratio: float, less: str, more: str) -> str:
    """A ratio in words: 2.5 x smaller, 1.2 x larger; nothing where it is 1."""
    if ratio == 1:
        return ""
    return f"{1 / ratio:.3g} x {less}" if ratio < 1 else f"{ratio:.3g} x {more}"


def join_with_and(names: Sequence[str]) -> str:
    """Names as in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def microseconds(value: float) -> str:
    """A latency: 0.174 µs, 3.25 µs, 12.3 µs, 1,200 µs."""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} µs"


def share(part: float) -> str:
    """A share of a whole: 44.1 %, 0.35 %, 0.04 %, 0 %."""
    percent = 100 * part
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def size(size_bytes: float) -> str:
    """A size: 848 B, 20.9 kB, 1.25 MB (1,000 bytes are a kB)."""
    return _scaled(size_bytes, ("B", "kB", "MB", "GB"))


def quantity(value: float, digits: int = 5) -> str:
    """A number in a unit of the user's own: 0.0012346, 53.123, 51,235."""
    return f"{value:,.0f}" if 10**digits - 0.5 <= abs(value) < 1e15 else f"{value:,.{digits}g}"


def rate(rows_per_s: float) -> str:
    """A throughput: 848 rows/s, 747 k rows/s, 4.36 M rows/s."""
    return _scaled(rows_per_s, ("rows/s", "k rows/s", "M rows/s"))


def _scaled(value: float, units: tuple[str, ...]) -> str:
    for unit in units[:-1]:
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} {units[-1]}" if value < 1000 else f"{value:,.0f} {units[-1]}"
