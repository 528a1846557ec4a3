"""What is measured: one table, networks of four sizes trained on it, and their bundles.

Columns are min–max normalised (one bin), so a network is a plain multilayer perceptron over k
scaled inputs, and every library can compute the very same function.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.pipeline import compute
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET
from slipstream.quantization import variants
from slipstream.quantization.folding import fold
from slipstream.runtime import Bundle, Predictor, load_file
from slipstream.runtime.bundle import dump
from slipstream.runtime.columns import Column
from slipstream.runtime.types import Precision
from slipstream.training.batches import TrainingData
from slipstream.training.fitting import tensors_of
from slipstream.training.optimisation import Lesson, fit

__all__ = [
    "KEPT",
    "MIXED",
    "SIZES",
    "Data",
    "Model",
    "Size",
    "demo_tensors_ratio",
    "make_data",
    "mixed_rows",
    "train",
    "train_mixed",
]

Floats = NDArray[np.float64]

ROWS = 8192
CALIBRATION_ROWS = 2048
# Ten columns of different scales, five of which the target depends on.
STRENGTH = np.array([1.9, 0.0, -1.6, 1.3, 0.0, -1.1, 0.0, 0.9, 0.0, 0.0])
CENTRE = np.array([5.1, 3.5, 40.0, 1.4, 250.0, 0.2, 12.0, 700.0, 0.0, 33.0])
SPREAD = np.array([0.8, 0.4, 11.0, 0.5, 60.0, 0.1, 3.0, 150.0, 1.0, 9.0])
KEPT = np.flatnonzero(STRENGTH)
CATEGORIES = {
    "contract": ("monthly", "one year", "two years"),
    "city": ("Bergen", "Bonn", "Ghent", "Oslo", "Porto", "Rome", "Turin", "Utrecht"),
    "plan": ("basic", "family", "premium", "student", "unlimited"),
}


@dataclass(frozen=True)
class Size:
    """A network's shape; the wide one is trained for fewer epochs."""

    hidden: tuple[int, int]
    epochs: int = 12

    @property
    def name(self) -> str:
        """The widths, inputs first."""
        return "-".join(map(str, (len(KEPT), *self.hidden, 1)))


SIZES = (Size((32, 32)), Size((64, 64)), Size((256, 256)), Size((1600, 1600), epochs=2))
MIXED = "8-32-32-1, three categories"


@dataclass(frozen=True)
class Data:
    """The raw table (N, 10), its target (N,), and three categorical columns, as codes (N, 3)."""

    table: Floats
    target: NDArray[np.int64]
    codes: NDArray[np.int64]

    @property
    def kept(self) -> Floats:
        """The raw values of the selected columns (N, 5)."""
        return np.ascontiguousarray(self.table[:, KEPT])

    @property
    def edges(self) -> Floats:
        """The least and the largest value of all ten columns (2, 10)."""
        return np.stack([self.table.min(axis=0), self.table.max(axis=0)])

    @property
    def scaled(self) -> NDArray[np.float32]:
        """The selected columns, min–max normalised (N, 5): what plain networks read."""
        low, high = self.edges[:, KEPT]
        return ((self.kept - low) / (high - low)).astype(np.float32)


@dataclass(frozen=True)
class Model:
    """A trained network as both bundles, as files in a folder."""

    name: str
    bundles: dict[Precision, Bundle]
    folder: Path

    def path(self, precision: Precision) -> Path:
        """Where the bundle's file is."""
        return self.folder / f"{self.name}.{precision}.safetensors"

    @cached_property
    def predictors(self) -> dict[Precision, Predictor]:
        """Both variants, loaded from their files."""
        return {precision: load_file(self.path(precision)) for precision in self.bundles}

    @cached_property
    def plain(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Weights (out, in) and biases (out,) of the same function over scaled inputs."""
        first, *later = self.bundles["float32"].layers
        table = first.weight.astype(np.float64).reshape(len(KEPT), 3, -1)  # low, high, missing
        weight = (table[:, 1] - table[:, 0]).T
        bias = first.bias + table[:, 0].sum(axis=0)
        pairs = [(weight, bias), *((layer.weight, layer.bias) for layer in later)]
        return [(each.astype(np.float32), bias.astype(np.float32)) for each, bias in pairs]

    def reference(self, scaled: NDArray[np.float32]) -> Floats:
        """The probabilities (N,), in float64, by numpy alone."""
        values = scaled.astype(np.float64)
        for index, (weight, bias) in enumerate(self.plain):
            values = (np.maximum(values, 0) if index else values) @ weight.T.astype(float) + bias
        return 1 / (1 + np.exp(-values[:, 0]))


def make_data() -> Data:
    """Draw the table; the same one every time."""
    random = np.random.default_rng(20)
    signal = random.standard_normal((ROWS, len(STRENGTH)))
    codes = np.stack([random.integers(len(each), size=ROWS) for each in CATEGORIES.values()], 1)
    score = 3.0 * (signal @ STRENGTH) / np.linalg.norm(STRENGTH) + 0.5 * (codes[:, 0] - 1)
    target = random.random(ROWS) < 1 / (1 + np.exp(-2 * score))
    return Data(CENTRE + SPREAD * signal, target.astype(np.int64), codes)


def train(data: Data, size: Size, folder: Path) -> Model:
    """Train a network of the selected numeric columns."""
    columns = _numeric_columns(data)
    frame = pd.DataFrame(data.scaled, columns=[column.name for column in columns])
    return _write(size.name, _fit(columns, frame, data.target, size), data.kept, folder)


def train_mixed(data: Data, folder: Path) -> Model:
    """Train a network that reads three categorical columns too."""
    columns = [
        *_numeric_columns(data),
        *(
            Column(name=name, kind="categorical", allows_missing=False, categories=categories)
            for name, categories in CATEGORIES.items()
        ),
    ]
    numeric = [column.name for column in columns if column.edges is not None]
    frame = pd.DataFrame(data.scaled, columns=numeric)
    raw = pd.DataFrame(data.kept, columns=numeric)
    for index, (name, categories) in enumerate(CATEGORIES.items()):
        frame[name] = data.codes[:, index]
        raw[name] = np.array(categories, object)[data.codes[:, index]]
    return _write(MIXED, _fit(columns, frame, data.target, SIZES[0]), raw, folder)


def mixed_rows(data: Data) -> list[dict[str, float | str]]:
    """The raw rows of `train_mixed`'s model, as mappings."""
    names = [column.name for column in _numeric_columns(data)]
    return [
        dict(zip(names, numbers, strict=True))
        | {
            name: categories[code]
            for (name, categories), code in zip(CATEGORIES.items(), codes, strict=True)
        }
        for numbers, codes in zip(data.kept.tolist(), data.codes.tolist(), strict=True)
    ]


def demo_tensors_ratio() -> float:
    """All tensors of the demo's int8 bundle over those of its float32 bundle."""
    # Sizes, not weights, matter.
    asked = {"features": {"k": 5}, "training": {"epochs": 1, "distill": "off"}, "search": "off"}
    with tempfile.TemporaryDirectory() as folder:
        bundles = compute(parse_config(asked), Store(Path(folder))).bundles
    return bundles.int8.tensors_bytes / bundles.float32.tensors_bytes


def _numeric_columns(data: Data) -> list[Column]:
    return [
        Column(
            name=f"feature_{index + 1:02d}",
            kind="numeric",
            allows_missing=False,
            edges=np.ascontiguousarray(data.edges[:, index]),
        )
        for index in KEPT
    ]


def _fit(
    columns: Sequence[Column], frame: pd.DataFrame, target: NDArray[np.int64], size: Size
) -> Bundle:
    """Train on a normalised frame: the float32 bundle."""
    rows = frame.assign(**{TARGET: target})
    held_out = len(rows) // 5
    config = TrainingConfig(epochs=size.epochs)
    widths = (*size.hidden, 1)
    data = TrainingData(columns, rows[held_out:], rows[:held_out])
    network, _ = fit(data, Lesson(widths, "binary", (), config), on_epoch=lambda _: None)
    layers = fold(tensors_of(network))
    return Bundle(precision="float32", columns=tuple(columns), layers=layers, classes=("0", "1"))


def _write(name: str, float32: Bundle, raw: pd.DataFrame | Floats, folder: Path) -> Model:
    """Quantise, calibrated on raw rows, and write both bundles."""
    int8 = variants.int8_bundle(float32, raw[:CALIBRATION_ROWS])
    model = Model(name, {"float32": float32, "int8": int8}, folder)
    for precision, bundle in model.bundles.items():
        model.path(precision).write_bytes(dump(bundle))
    return model
