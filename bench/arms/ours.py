"""Slipstream: both variants, and with them an A/A arm, the numpy backend and other inputs."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms.contender import CHECKED_ROWS, FLOAT32_TOLERANCE, INT8_TOLERANCE, Contender, Setting
from bench.models import MIXED, Data, Model, mixed_rows
from slipstream.measurement.harness import Arm
from slipstream.runtime import Predictor, load_file
from slipstream.runtime.types import Precision

__all__ = ["AGAIN", "EMPTY", "check_against_numpy", "empty_call", "mixed", "other_inputs", "ours"]

EMPTY = "an empty C call"
AGAIN = "Slipstream int8, again (A/A)"
# The compiled predictor from numpy's, after the link: int8's logits are the same to the bit.
NUMPY_TOLERANCE: dict[Precision, float] = {"int8": 1e-12, "float32": 1e-6}
TOLERANCE: dict[Precision, float] = {"int8": INT8_TOLERANCE, "float32": FLOAT32_TOLERANCE}


def empty_call() -> Contender:
    """What calling any C function costs, timer included."""
    return Contender(name=EMPTY, arm=Arm(id, lambda _: np.zeros(5), rows=CHECKED_ROWS))


def ours(setting: Setting) -> list[Contender]:
    """The compiled predictor, int8 first, then float32 and an A/A arm.

    The A/A arm is the same file loaded again, so that it is at another place in memory.
    """
    check_against_numpy(setting.model, setting.data.kept[:CHECKED_ROWS])
    array = _array(setting)
    again = load_file(setting.model.path("int8")).predict_one
    made = [_contender(setting, f"Slipstream {each}", each, array) for each in TOLERANCE]
    return [*made, _contender(setting, AGAIN, "int8", array, again)]


def other_inputs(setting: Setting) -> list[Contender]:
    """int8 on a list; then for each variant a dict, and both forms by the numpy backend."""
    array, mapping, kept = _array(setting), _mapping(setting), setting.data.kept
    made = [
        _contender(setting, "Slipstream int8, list", "int8", lambda index: kept[index].tolist())
    ]
    for precision in TOLERANCE:
        name = f"Slipstream {precision}"
        by_numpy = Predictor(setting.model.bundles[precision], backend="numpy").predict_one
        made += [
            _contender(setting, f"{name}, dict", precision, mapping),
            _contender(setting, f"{name}, numpy backend", precision, array, by_numpy),
            _contender(setting, f"{name}, numpy backend, dict", precision, mapping, by_numpy),
        ]
    return made


def mixed(model: Model, data: Data) -> list[Contender]:
    """Rows with strings: as lists, as dicts made in Python, and as dicts parsed from JSON."""
    rows = mixed_rows(data)
    texts = [json.dumps(row) for row in rows]
    call = model.predictors["int8"].predict_one
    reference = np.array([call(list(row.values())) for row in rows])
    forms: dict[str, Callable[[int], Any]] = {
        "list": lambda index: list(rows[index].values()),
        "dict": lambda index: dict(rows[index]),
        "dict from JSON": lambda index: json.loads(texts[index]),
    }
    return [
        Contender(
            name=f"Slipstream int8, {MIXED}, {form}",
            arm=Arm(call, make, rows=len(rows)),
            reference=reference,
            tolerance=0.0,
            ours=True,
        )
        for form, make in forms.items()
    ]


def check_against_numpy(model: Model, rows: NDArray[np.float64]) -> None:
    """Compare the compiled predictor's answers with those of the numpy backend.

    Raises:
        RuntimeError: an answer differs by more than `NUMPY_TOLERANCE`.
    """
    for precision, predictor in model.predictors.items():
        by_numpy = Predictor(model.bundles[precision], backend="numpy").predict(rows)
        difference = float(np.abs(predictor.predict(rows) - by_numpy).max())
        if not difference <= NUMPY_TOLERANCE[precision]:
            raise RuntimeError(
                f"{model.name}, {precision}, must agree with numpy's predictor within "
                f"{NUMPY_TOLERANCE[precision]}, however: it differs by {difference}"
            )


def _contender(
    setting: Setting,
    name: str,
    precision: Precision,
    make: Callable[[int], Any],
    call: Callable[[Any], Any] | None = None,
) -> Contender:
    call = call or setting.model.predictors[precision].predict_one
    return Contender(
        name=name,
        arm=Arm(call, make, rows=len(setting.data.table)),
        reference=setting.reference,
        tolerance=TOLERANCE[precision],
        ours=True,
    )


def _array(setting: Setting) -> Callable[[int], NDArray[np.float64]]:
    kept = setting.data.kept
    return lambda index: kept[index].copy()


def _mapping(setting: Setting) -> Callable[[int], dict[str, float]]:
    kept, names = setting.data.kept, setting.model.predictors["int8"].features
    return lambda index: dict(zip(names, kept[index].tolist(), strict=True))
