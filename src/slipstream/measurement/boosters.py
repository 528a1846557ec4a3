"""How long LightGBM takes for one row, by its fastest call.

It is called from C as a service would: the model is prepared for single rows, on one thread, and
the row's address is at hand (`LGBM_BoosterPredictForMatSingleRowFast`).
"""

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import lightgbm
import numpy as np
from lightgbm.basic import _LIB
from numpy.typing import NDArray

from slipstream.measurement.timing import quiet_process, time_calls

__all__ = ["one_row_us", "single_row_call"]

CALLS = 500
WARM_UP_CALLS = 50
SECONDS = 2.0  # of a model so slow that fewer calls must do
LEAST_CALLS = 50
NORMAL = 0  # C_API_PREDICT_NORMAL
KINDS = {"float32": 0, "float64": 1}  # C_API_DTYPE_FLOAT32, C_API_DTYPE_FLOAT64


def one_row_us(models: Sequence[str], cells: NDArray[np.float32], answers: int) -> float:
    """The median time in µs in which all models answer one row, one after the other.

    Args:
        models: as LightGBM writes them.
        cells: (N, L) rows that take turns.
        answers: how many numbers a model answers with.
    """
    boosters = [lightgbm.Booster(model_str=each) for each in models]
    rows = np.ascontiguousarray(cells)
    calls = [single_row_call(each, rows, answers) for each in boosters]
    start, step = rows.ctypes.data, rows.strides[0]
    addresses = [ctypes.c_void_p(start + place % len(rows) * step) for place in range(CALLS)]

    def answer(address: ctypes.c_void_p) -> None:
        for call in calls:
            call(address)

    with quiet_process():
        warm = time_calls(answer, addresses[:WARM_UP_CALLS])
        affordable = math.ceil(SECONDS * 1e6 / float(np.median(warm)))
        return float(np.median(time_calls(answer, addresses[: max(LEAST_CALLS, affordable)])))


def single_row_call(
    booster: lightgbm.Booster, rows: NDArray[Any], answers: int
) -> Callable[[ctypes.c_void_p], Any]:
    """A model prepared for single rows, which takes a row's address.

    It answers a float, or where a model has several answers an array of ctypes that the next call
    writes into.

    Args:
        booster: a trained model.
        rows: (N, L), C-contiguous, float32 or float64; they must live as long as the call is used.
        answers: how many numbers the model answers with.
    """
    config = ctypes.c_void_p()
    _check(
        _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle,
            NORMAL,
            0,
            -1,
            KINDS[rows.dtype.name],
            rows.shape[1],
            b"num_threads=1",
            ctypes.byref(config),
        )
    )
    length, answer = ctypes.c_int64(), (ctypes.c_double * answers)()
    predict, length_at = _LIB.LGBM_BoosterPredictForMatSingleRowFast, ctypes.byref(length)

    # The defaults hold what must live as long as the call.
    def one(address: ctypes.c_void_p, _: lightgbm.Booster = booster) -> float:
        predict(config, address, length_at, answer)
        return answer[0]

    def several(address: ctypes.c_void_p, _: lightgbm.Booster = booster) -> Any:
        predict(config, address, length_at, answer)
        return answer

    return one if answers == 1 else several


def _check(failed: int) -> None:
    if failed:
        raise RuntimeError("LightGBM must prepare its single-row call, however: it refused")
