"""What larger models score on the rows that a search judges by."""

import numpy as np
import pytest
from safetensors.numpy import save

from slipstream.artifacts.references import PARTS, TeacherRef
from slipstream.data.snapshot import PART, TARGET, Snapshot
from slipstream.search.larger import score_larger
from slipstream.search.material import material_of
from tests.conftest import Trained


@pytest.mark.parametrize("has_peer", [True, False])
def test_only_answers_for_validation_rows_count(demo: Trained, *, has_peer: bool) -> None:
    """A teacher that is right there and wrong elsewhere is perfect; LightGBM that is wrong is 0."""
    snapshot = Snapshot(demo.prepared, demo.store)
    target = snapshot.frame()[TARGET].to_numpy(np.float32)
    is_validation = snapshot.frame(columns=[PART])[PART].to_numpy() == PARTS.index("validation")
    answers = {"answers": np.where(is_validation, target, 1 - target)[:, None]}
    if has_peer:
        answers["early_peer"] = 1 - target[is_validation][:, None]
    kept = demo.store.put(save(answers), ".safetensors")
    teacher = TeacherRef(answers=kept, final_answers=kept, models=kept, loss=0, loss_unit="nats")
    material = material_of(demo.prepared, None, 1 << 16, 10, demo.store)
    expected = {"teacher": 1.0, **({"lightgbm": 0.0} if has_peer else {})}
    assert score_larger(demo.prepared, teacher, material, demo.store) == expected
