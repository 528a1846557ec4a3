"""What a bundle is, in plain text."""

from collections.abc import Iterator, Mapping

import numpy as np

from slipstream.runtime import Bundle, BundleError, Predictor, instruction_set
from slipstream.runtime.bundle import dump
from slipstream.runtime.columns import Column
from slipstream.runtime.links import HALF
from slipstream.runtime.quantiles import listed
from slipstream.runtime.text import escape, listing, shorten

__all__ = ["describe"]


def describe(model: Predictor, title: str, *, file_bytes: int | None = None) -> Iterator[str]:
    """Yield lines that describe a bundle, under a title; control characters are escaped.

    Args:
        model: the bundle, loaded.
        title: the first line.
        file_bytes: the size of its file; None: it has none here, as one from a registry.

    Raises:
        BundleError: `details.versions` is not an object.
    """
    size_bytes = len(dump(model.bundle)) if file_bytes is None else file_bytes
    return map(escape, _lines(model, title, size_bytes))


def _lines(model: Predictor, title: str, size_bytes: int) -> Iterator[str]:
    bundle = model.bundle
    widths = [len(bundle.columns), *(len(layer.bias) for layer in bundle.layers)]
    facts = {
        "precision": bundle.precision,
        "answers": _answers(bundle),
        "network": "-".join(str(width) for width in widths),
        "weights": f"{bundle.weights_bytes:,} bytes (all tensors {bundle.tensors_bytes:,})",
        "runs": f"compiled for {instruction_set}" if model.backend == "compiled" else "in numpy",
        "file": f"{size_bytes:,} bytes",
        "training data": f"sha256 {bundle.details.get('training_data_sha256', 'unknown')}",
        "versions": _versions(bundle),
    }
    yield title
    for name, fact in facts.items():
        yield f"  {name:<14} {fact}"
    yield "columns"
    names = [shorten(column.name) for column in bundle.columns]
    longest = max(map(len, names))
    for name, column in zip(names, bundle.columns, strict=True):
        missing = "may be missing" if column.allows_missing else "must have a value"
        yield f"  {name:<{longest}}  {column.kind:<11}  {missing:<17}  {_seen(column)}"


def _answers(bundle: Bundle) -> str:
    target = bundle.details.get("target", "target")
    if bundle.quantiles:
        return f"{listed(bundle.quantiles)} of {target}"
    if bundle.task == "regression":
        learned = ", learned as log(1 + number)" if bundle.target_scale == "log1p" else ""
        return f"{target}{learned}"
    if bundle.task == "multiclass":
        return f"P({target} = …) of {listing(bundle.classes)}"
    other, counted = map(repr, bundle.classes)
    from_where = "" if bundle.threshold == HALF else f"; {counted} from {bundle.threshold:.6g} on"
    return f"P({target} = {counted}), else {other}{from_where}"


def _versions(bundle: Bundle) -> str:
    versions = bundle.details.get("versions", {})
    if not isinstance(versions, Mapping):
        raise BundleError(
            "not a usable bundle: details.versions must be an object, however: "
            f"{type(versions).__name__}; ask for the file again"
        )
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _moment(seconds: float) -> str:
    """An instant to the second, or to the day where it is midnight, in UTC."""
    written = str(np.datetime64(int(seconds), "s"))
    return written.removesuffix("T00:00:00")


def _seen(column: Column) -> str:
    if column.edges is None:
        return f"{len(column.categories)} categories"
    bins = len(column.edges) - 1
    if column.kind == "datetime":
        low, high = (_moment(seconds) for seconds in column.edges[[0, -1]])
        derived = ", ".join(part.name for part in column.parts)
        more = f"; {derived}" if derived else ""
        return f"{low} to {high} in {bins} bin{'s' if bins > 1 else ''}{more}"
    return f"{column.edges[0]:g} to {column.edges[-1]:g} in {bins} bin{'s' if bins > 1 else ''}"
