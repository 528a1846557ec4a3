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

    Args:
        booster: a trained LightGBM booster.
        rows: (N, k), C-contiguous; categories are codes.
    """
    from slipstream.measurement.boosters import single_row_call

    call = single_row_call(booster, rows, booster.num_model_per_iteration())
    start, step = rows.ctypes.data, rows.strides[0]

    # The default holds the rows, which must live as long as the arm.
    def make(index: int, _: Any = rows) -> ctypes.c_void_p:
        return ctypes.c_void_p(start + index * step)

    return Arm(call, make, rows=len(rows))
