"""LightGBM: 100 trees with 31 leaves. It is another model, trained on the same table."""

import ctypes
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms.contender import Contender, Setting, only
from slipstream.measurement.harness import Arm

__all__ = ["light_gbm"]

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
            arm=_single_row_fast(booster, kept),
            reference=reference,
            tolerance=1e-12,
        ),
    ]


def _single_row_fast(booster: Any, kept: NDArray[np.float64]) -> Arm:
    """`LGBM_BoosterPredictForMatSingleRowFast` through ctypes, the rows' addresses at hand."""
    from lightgbm.basic import _LIB

    normal, float64 = 0, 1  # C_API_PREDICT_NORMAL, C_API_DTYPE_FLOAT64
    config = ctypes.c_void_p()
    failed = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, normal, 0, -1, float64, kept.shape[1], b"num_threads=1",
        ctypes.byref(config),
    )  # fmt: skip
    if failed:
        raise RuntimeError("LightGBM must prepare its single-row call, however: it refused")
    length, answer = ctypes.c_int64(), ctypes.c_double()
    function, length_at, answer_at = (
        _LIB.LGBM_BoosterPredictForMatSingleRowFast,
        ctypes.byref(length),
        ctypes.byref(answer),
    )
    start, step = kept.ctypes.data, kept.strides[0]

    # The default holds what must live as long as the arm: the booster and the rows.
    def call(address: ctypes.c_void_p, _: Any = (booster, kept)) -> float:
        function(config, address, length_at, answer_at)
        return answer.value

    return Arm(call, lambda index: ctypes.c_void_p(start + index * step), rows=len(kept))
