"""Teach: a larger model answers every row, those of the training part out of fold.

Two shapes of boosted trees, and for a small table wide networks, are fitted on four fifths of the
training part at a time; their blend with the least out-of-fold loss is the teacher. It answers rows
that no table has, too: the synthetic ones. No row of the validation or the test part is fitted.

The final teacher, from which a network learns that has the validation part among its rows, is
fitted to that part as well. Of a large table it is the same one: a fourth more rows would add less
than they take time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import save

from slipstream.artifacts.references import PARTS, DatasetRef, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.artifacts.values import Blob
from slipstream.data.snapshot import GROUP, PART, WEIGHT, Snapshot, to_parquet
from slipstream.features.preprocessing import load_columns
from slipstream.features.teacher import soft_names
from slipstream.runtime.columns import Column
from slipstream.training.teaching.answers import LOSSES, mean_loss
from slipstream.training.teaching.blend import Blend, Candidate, fit_again, fit_blend
from slipstream.training.teaching.folds import assign_folds
from slipstream.training.teaching.given import NO_SYNTHETIC, read_answers
from slipstream.training.teaching.synthetic import synthesise
from slipstream.training.teaching.table import Folded, Table, read_table
from slipstream.training.teaching.trees import Forest, fit_defaults, is_large

__all__ = ["teach"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Class:
    """All rows (N,), which of them are in the training and the test part, and the peer's models.

    `early_peer` was fitted to the training part, `peer` to the validation part as well.
    """

    frame: pd.DataFrame
    table: Table
    is_train: NDArray[np.bool_]
    is_test: NDArray[np.bool_]
    early_peer: Forest | None
    peer: Forest | None


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
    is_train, is_test = (frame[PART].to_numpy() == PARTS.index(each) for each in ("train", "test"))
    table = read_table(prepared, frame, store)
    peers = fit_defaults([table.at(each) for each in (is_train, ~is_test)])
    room = _Class(frame, table, is_train, is_test, *peers)
    return _from_file(dataset, room, file, store) if file else _fitted(prepared, room, seed, store)


def _frame(prepared: PreparedRef, store: Store) -> pd.DataFrame:
    """The normalised table with what is kept apart from it."""
    snapshot = Snapshot(prepared, store)
    apart = [name for name in (PART, GROUP) if name in snapshot.apart]
    return pd.concat([snapshot.frame(), snapshot.frame(columns=apart)], axis=1)


def _fitted(prepared: PreparedRef, room: _Class, seed: int, store: Store) -> TeacherRef:
    columns = load_columns(prepared, store)
    folded = _fold(columns, room, room.is_train, seed)
    blend = fit_blend(folded)
    names = [each.name for each in blend.candidates]
    answers = _keep_answers(_answers(blend, room, room.is_train), room, store)
    synthetic = _synthetic(blend, folded)
    rows = store.put(to_parquet(synthetic), ".parquet")
    final, final_answers, final_rows = blend, answers, rows
    if not is_large(folded.table):
        every = _fold(columns, room, ~room.is_test, seed)
        final = fit_again(blend, every)
        final_answers = _keep_answers(_answers(final, room, ~room.is_test), room, store)
        final_rows = store.put(to_parquet(_synthetic(final, every)), ".parquet")
    return TeacherRef(
        answers=answers,
        final_answers=final_answers,
        models=_keep_models([each for _, each in final.used], room, store),
        synthetic=rows,
        final_synthetic=final_rows,
        synthetic_rows=len(synthetic),
        blend=dict(zip(names, blend.shares, strict=True)),
        losses={each.name: each.loss for each in blend.candidates},
        loss=mean_loss(blend.answers, folded.table),
        loss_unit=LOSSES[prepared.task][1],
        is_trees=all(isinstance(model, Forest) for _, each in final.used for model in each.models),
    )


def _fold(columns: Sequence[Column], room: _Class, fitted: NDArray[np.bool_], seed: int) -> Folded:
    rows, table = room.frame[fitted], room.table.at(fitted)
    folds = assign_folds(
        len(rows),
        seed,
        labels=table.target if table.has_labels else None,
        groups=rows[GROUP].to_numpy() if GROUP in rows else None,
    )
    return Folded(columns, rows, table, folds, seed)


def _answers(blend: Blend, room: _Class, fitted: NDArray[np.bool_]) -> Floats:
    """For every row (N, O): of fitted ones out of fold, of others the mean of the folds."""
    answers = np.empty((len(fitted), room.table.outputs))
    answers[fitted] = blend.answers
    answers[~fitted] = blend.predict(room.table.cells[~fitted])
    return answers


def _synthetic(blend: Blend, folded: Folded) -> pd.DataFrame:
    """Synthetic rows with the blend's answers, and the weight of the row each was made of."""
    rows, table = folded.rows, folded.table
    cells, sources = synthesise(table, folded.seed)
    frame = table.frame(cells)
    answers = table.standard.undo(blend.predict(cells)).astype(np.float32)
    soft = pd.DataFrame(answers, columns=soft_names(table.outputs))
    frame = pd.concat([frame, soft], axis=1)
    if WEIGHT in rows:
        frame[WEIGHT] = rows[WEIGHT].to_numpy()[sources]
    return frame


def _keep_answers(answers: Floats, room: _Class, store: Store) -> Blob:
    table = room.table
    found = {"answers": answers}
    if room.peer and room.early_peer:
        found["peer"] = room.peer.predict(table.cells[room.is_test])
        unseen = ~(room.is_train | room.is_test)
        found["early_peer"] = room.early_peer.predict(table.cells[unseen])
    own = {name: table.standard.undo(each).astype(np.float32) for name, each in found.items()}
    return store.put(save(own), ".safetensors")


def _keep_models(teacher: Sequence[Candidate], room: _Class, store: Store) -> Blob:
    """The trees of both as LightGBM writes them, by what a row has in their order."""
    forests = [model for each in teacher for model in each.models if isinstance(model, Forest)]
    kept = {
        "names": room.table.names,
        "teacher": [text for forest in forests for text in forest.to_text()],
        "peer": room.peer.to_text() if room.peer else [],
    }
    return store.put(json.dumps(kept).encode(), ".json")


def _from_file(dataset: DatasetRef, room: _Class, file: str, store: Store) -> TeacherRef:
    keys = Snapshot(dataset, store).keys()
    assert keys is not None, "the config has a rule for it"
    found, notes = read_answers(Path(file), dataset, keys, room.is_test)
    answers = room.table.standard.apply(found)
    kept = _keep_answers(answers, room, store)
    return TeacherRef(
        answers=kept,
        final_answers=kept,
        models=_keep_models([], room, store),
        source=Path(file).name,
        loss=mean_loss(answers[room.is_train], room.table.at(room.is_train)),
        loss_unit=LOSSES[room.table.task][1],
        tested=not np.isnan(answers).any(),
        warnings=(*notes, NO_SYNTHETIC),
    )
