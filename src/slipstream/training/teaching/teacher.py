"""Teach: a larger model answers every row, those of the training part out of fold.

Two shapes of boosted trees, and for a small table wide networks, are fitted on four fifths of the
training part at a time; their blend with the least out-of-fold loss is the teacher. It answers rows
that no table has, too: the synthetic ones. No row of the validation or the test part is fitted.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import save

from slipstream.artifacts.references import PARTS, DatasetRef, Part, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.artifacts.values import Blob
from slipstream.data.snapshot import GROUP, PART, WEIGHT, Snapshot, to_parquet
from slipstream.features.preprocessing import load_columns
from slipstream.features.teacher import soft_names
from slipstream.training.teaching.answers import LOSSES, mean_loss
from slipstream.training.teaching.blend import Blend, fit_blend
from slipstream.training.teaching.folds import assign_folds
from slipstream.training.teaching.given import NO_SYNTHETIC, read_answers
from slipstream.training.teaching.synthetic import synthesise
from slipstream.training.teaching.table import Table, read_table
from slipstream.training.teaching.trees import Forest, fit_default

__all__ = ["teach"]

Floats = NDArray[np.float64]
InPart = Mapping[Part, NDArray[np.bool_]]


def teach(
    dataset: DatasetRef, prepared: PreparedRef, file: str, seed: int, store: Store
) -> TeacherRef:
    """Fit a teacher, or read its answers from a file; and fit LightGBM's defaults as its peer.

    Args:
        dataset: the table.
        prepared: the normalised table.
        file: Parquet, by row key; empty: the teacher is fitted.
        seed: of folds, models and synthetic rows.
        store: where the files are.

    Raises:
        InputError: the file breaks a rule.
    """
    frame = _frame(prepared, store)
    in_part = {part: frame[PART].to_numpy() == place for place, part in enumerate(PARTS)}
    table = read_table(prepared, frame, store)
    peer = fit_default(table.at(in_part["train"]))
    if file:
        return _from_file(dataset, table, in_part, Path(file), peer, store)
    return _fitted(prepared, frame, table, in_part, peer, seed, store)


def _frame(prepared: PreparedRef, store: Store) -> pd.DataFrame:
    """The normalised table with what is kept apart from it."""
    snapshot = Snapshot(prepared, store)
    apart = [name for name in (PART, GROUP) if name in snapshot.apart]
    return pd.concat([snapshot.frame(), snapshot.frame(columns=apart)], axis=1)


def _fitted(
    prepared: PreparedRef,
    frame: pd.DataFrame,
    table: Table,
    in_part: InPart,
    peer: Forest,
    seed: int,
    store: Store,
) -> TeacherRef:
    train, rows = table.at(in_part["train"]), frame[in_part["train"]]
    blend = fit_blend(prepared, load_columns(prepared, store), rows, train, _folds(rows, train, seed), seed)
    answers = np.empty((len(frame), table.outputs))
    answers[in_part["train"]] = blend.answers
    answers[~in_part["train"]] = blend.predict(table.cells[~in_part["train"]])
    synthetic, made = _synthetic(blend, rows, train, seed)
    return TeacherRef(
        answers=_keep_answers(answers, table, in_part, peer, store),
        models=_keep_models(blend, table, peer, store),
        synthetic=store.put(synthetic, ".parquet"),
        synthetic_rows=made,
        blend={each.name: share for share, each in zip(blend.shares, blend.candidates, strict=True)},
        losses={each.name: each.loss for each in blend.candidates},
        loss=mean_loss(blend.answers, train),
        loss_unit=LOSSES[table.task][1],
    )


def _folds(rows: pd.DataFrame, train: Table, seed: int) -> NDArray[np.int64]:
    labels = train.target if LOSSES[train.task][1] == "nats" else None
    groups = rows[GROUP].to_numpy() if GROUP in rows else None
    return assign_folds(len(rows), seed, labels=labels, groups=groups)


def _synthetic(
    blend: Blend, rows: pd.DataFrame, train: Table, seed: int
) -> tuple[bytes, int]:
    """Synthetic rows with the blend's answers, as a Parquet file, and how many there are."""
    cells, sources = synthesise(train, seed)
    frame = train.frame(cells)
    answers = train.in_own_unit(blend.predict(cells)).astype(np.float32)
    frame[soft_names(train.outputs)] = answers
    if WEIGHT in rows:
        frame[WEIGHT] = rows[WEIGHT].to_numpy()[sources]
    return to_parquet(frame), len(frame)


def _keep_answers(
    answers: Floats, table: Table, in_part: InPart, peer: Forest, store: Store
) -> Blob:
    tested = peer.predict(table.cells[in_part["test"]])
    both = {"answers": answers, "peer": tested}
    own = {name: table.in_own_unit(each).astype(np.float32) for name, each in both.items()}
    return store.put(save(own), ".safetensors")


def _keep_models(blend: Blend | None, table: Table, peer: Forest, store: Store) -> Blob:
    """The trees of both as LightGBM writes them: of the teacher those that have a share in it."""
    used = blend.used if blend else []
    kept = {
        "names": table.names,
        "teacher": [
            [model.to_text() for model in each.models if isinstance(model, Forest)]
            for _, each in used
        ],
        "peer": peer.to_text(),
    }
    return store.put(json.dumps(kept).encode(), ".json")


def _from_file(
    dataset: DatasetRef,
    table: Table,
    in_part: InPart,
    file: Path,
    peer: Forest,
    store: Store,
) -> TeacherRef:
    keys = Snapshot(dataset, store).keys()
    assert keys is not None, "the config has a rule for it"
    found, notes = read_answers(file, dataset, keys, in_part["test"])
    answers = table.standardised(found)
    return TeacherRef(
        answers=_keep_answers(answers, table, in_part, peer, store),
        models=_keep_models(None, table, peer, store),
        source=file.name,
        loss=mean_loss(answers[in_part["train"]], table.at(in_part["train"])),
        loss_unit=LOSSES[table.task][1],
        tested=not np.isnan(answers).any(),
        warnings=(*notes, NO_SYNTHETIC),
    )
