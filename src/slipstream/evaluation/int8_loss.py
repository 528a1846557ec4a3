"""What int8 loses on validation rows; where it is too much, its integers are fine-tuned."""

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import BundleRef, Bundles, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.quantization import QuantizationConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.judging import ENOUGH_ROWS, loss
from slipstream.evaluation.scoring import scoring_at
from slipstream.quantization.variants import keep_bundle
from slipstream.runtime.bundle import Bundle, parse
from slipstream.runtime.links import answers_are_lists, apply
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader

__all__ = ["keep_within", "score_loss"]


def keep_within(
    bundles: Bundles,
    dataset: DatasetRef,
    quantization: QuantizationConfig,
    store: Store,
    *,
    is_bound: bool = False,
) -> Bundles:
    """Both bundles, int8 fine-tuned if it loses more score on validation rows than allowed.

    Fine-tuned integers are kept where they lose less; float32 stays as it is. Of a model that
    `is_bound` to `features.monotone` integers are not tuned: nothing would keep their order.
    """
    float32, int8 = (parse(store.get(each.file)) for each in (bundles.float32, bundles.int8))
    snapshot = Snapshot(dataset, store)
    lost = score_loss(float32, int8, snapshot)
    allowed = quantization.max_score_loss
    if lost <= allowed:
        return bundles
    if is_bound:
        left_alone = f"{_loses(lost, allowed)}; integers are not fine-tuned under features.monotone"
        return bundles.model_copy(update={"warnings": (*bundles.warnings, left_alone)})
    # PyTorch takes a second to import, and few runs get here.
    from slipstream.training.fine_tuning import fine_tuned

    rows = spread(snapshot.rows("train"), quantization.calibration_rows)
    tuned = fine_tuned(int8, float32, rows)
    left = score_loss(float32, tuned, snapshot)
    kept: BundleRef = keep_bundle(tuned, store) if left < lost else bundles.int8
    warning = _sentence(lost, left, allowed)
    return bundles.model_copy(update={"int8": kept, "warnings": (*bundles.warnings, warning)})


def score_loss(float32: Bundle, int8: Bundle, snapshot: Snapshot) -> float:
    """How much score int8 loses on the validation part: of several scores, the one it loses most.

    They are those by which the test part judges int8, and in the same unit.
    """
    target, rows = snapshot.target("validation").to_numpy(), snapshot.rows("validation")
    numbers = RowReader(float32).encode(rows)
    before, after = (_answers(each, numbers) for each in (float32, int8))
    scoring = scoring_at(float32.threshold, float32.task, float32.quantiles)
    changes = scoring.changes(
        *(target, before, after, snapshot.weights("validation")),
        accuracy=len(target) >= ENOUGH_ROWS,
    )
    return max(loss(metric, change).estimate for metric, change in changes.items())


def _answers(bundle: Bundle, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    answers = apply(bundle.link, NumpyModel(bundle).logits(numbers))
    return answers if answers_are_lists(bundle.task) else answers[:, 0]


def _sentence(lost: float, left: float, allowed: float) -> str:
    outcome = (
        f"fine-tuning its integers leaves {left:.4f}"
        if left < lost
        else f"fine-tuning its integers is not kept, as it would lose {left:.4f}"
    )
    return f"{_loses(lost, allowed)}; {outcome}"


def _loses(lost: float, allowed: float) -> str:
    return (
        f"int8 loses {lost:.4f} score on the validation rows, and quantization.max_score_loss is "
        f"{allowed:g}"
    )
