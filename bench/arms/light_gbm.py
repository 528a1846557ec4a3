"""LightGBM: 100 trees with 31 leaves. It is another model, trained on the same table."""

import ctypes
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms.contender import Contender, Setting, only
from slipstream.measurement.harness import Arm

__all__ = ["light_gbm", "single_row_fast"]

TREES = 100
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 31,
    "num_threads": 1,
    "verbosity": -1,
    "seed": 0,
    "deterministic": True,
}


def light_gbm(setting: Setting) -> list[Contender]:
    """`Booster.predict`, and the C call for single rows."""
    import lightgbm

    kept = setting.data.kept
    table = lightgbm.Dataset(kept, setting.data.target)
    booster = lightgbm.train(PARAMETERS, table, num_boost_round=TREES)
    reference = booster.predict(kept, num_threads=1)
    rows = kept[:, None]  # (N, 1, k)
    predict = partial(booster.predict, num_threads=1)
    return [
        Contender(
            name="LightGBM Booster.predict",
            arm=Arm(predict, lambda index: rows[index].copy(), rows=len(rows)),
            probability=only,
            reference=reference,
        ),
        Contender(
            name="LightGBM C single-row-fast (ctypes)",
            arm=single_row_fast(booster, kept),
            reference=reference,
            tolerance=1e-12,
        ),
    ]


def single_row_fast(booster: Any, rows: NDArray[np.float64]) -> Arm:
    """`LGBM_BoosterPredictForMatSingleRowFast` through ctypes, the rows' addresses at hand.

    A call answers a float, or for more than two labels an array of ctypes, which the next call
    writes into.

    Args:
        booster: a trained LightGBM booster.
        rows: (N, k), C-contiguous; categories are codes.
    """
    from lightgbm.basic import _LIB

    normal, float64 = 0, 1  # C_API_PREDICT_NORMAL, C_API_DTYPE_FLOAT64
    config = ctypes.c_void_p()
    failed = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, normal, 0, -1, float64, rows.shape[1], b"num_threads=1",
        ctypes.byref(config),
    )  # fmt: skip
    if failed:
        raise RuntimeError("LightGBM must prepare its single-row call, however: it refused")
    length, answers = ctypes.c_int64(), (ctypes.c_double * booster.num_model_per_iteration())()
    function, length_at, start, step = (
        *(_LIB.LGBM_BoosterPredictForMatSingleRowFast, ctypes.byref(length)),
        *(rows.ctypes.data, rows.strides[0]),
    )

    # The defaults hold what must live as long as the arm: the booster and the rows.
    def one(address: ctypes.c_void_p, _: Any = (booster, rows)) -> float:
        function(config, address, length_at, answers)
        return answers[0]

    def many(address: ctypes.c_void_p, _: Any = (booster, rows)) -> Any:
        function(config, address, length_at, answers)
        return answers

    call = one if len(answers) == 1 else many
    return Arm(call, lambda index: ctypes.c_void_p(start + index * step), rows=len(rows))
