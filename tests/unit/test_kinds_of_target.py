"""One seam for the kind of target: a new kind is one entry in each of a few tables."""

import io
import re
import tokenize
from pathlib import Path
from typing import get_args

import pytest

import slipstream
from slipstream.config.data import DataConfig
from slipstream.config.features import FeaturesConfig
from slipstream.data.target import READERS
from slipstream.evaluation.scoring import SCORING
from slipstream.features.edges import TREES
from slipstream.features.leaks import LEAKS
from slipstream.features.selection import SCORES
from slipstream.runtime.links import LINKS
from slipstream.runtime.types import Task
from slipstream.training.losses import OBJECTIVES
from slipstream.training.teaching.answers import LOSSES
from slipstream.training.teaching.trees import TREES as FORESTS

# Quantiles are asked for by their levels, every other kind by its name.
KINDS = set(get_args(DataConfig.model_fields["task"].annotation)) - {"auto"} | {"quantiles"}
METHODS = set(get_args(FeaturesConfig.model_fields["method"].annotation))
ALONE = METHODS - {"auto", "elimination"}  # of each column
SOURCES = Path(slipstream.__file__).parent
# The wings that make a model, and what may name a kind of target in them: where a kind is offered
# or looked up, and what computes one. `runtime`, `serving` and `export` know every kind already.
MAKING = ("artifacts", "config", "data", "features", "training", "quantization", "measurement")
JUDGING = ("evaluation", "search", "lifecycle", "tracking", "reporting")
NAMING = {
    "artifacts/traces.py",  # what kind of answer a traced row got
    "config/data.py",
    "config/evaluation.py",
    "data/label_text.py",  # text may be quantities, unless the config says labels
    "data/target.py",
    "features/leaks.py",
    "data/sources/raw_table.py",  # Arrow's word for bytes
    "features/edges.py",
    "features/selection.py",
    "training/losses.py",
    "quantization/temperature.py",  # only labels have probabilities
    "training/teaching/answers.py",
    "training/teaching/trees.py",
    "quantization/threshold.py",  # there is one of two labels only
    "measurement/breakdown.py",  # times a softmax to see what a wider output costs
    "evaluation/scoring.py",
    "evaluation/metrics.py",
    "evaluation/multiclass.py",
    "evaluation/quantiles.py",
    "evaluation/benchmark.py",  # counts the positive rows, for the sentences below
    "evaluation/results.py",
    "evaluation/verdict.py",
    "search/measures.py",
    "lifecycle/promotion.py",
    "lifecycle/retraining.py",  # the champion's positive label is kept
    "reporting/inspection.py",
    "reporting/plots.py",
    "reporting/comparison.py",
    "reporting/summary.py",
    "reporting/thresholds.py",
    "reporting/terminal/screen.py",
    "tracking/runs.py",  # a figure of labels, or of numbers
    "tracking/signature.py",
}
WORDS = re.compile(r"binary|multiclass|regression|sigmoid|softmax|(?<!false_)positive", re.I)


@pytest.mark.parametrize(
    "table", [READERS, LEAKS, TREES, SCORES, OBJECTIVES, LOSSES, FORESTS, SCORING]
)
def test_each_floor_knows_every_kind_of_target(table: dict) -> None:
    """What the config offers as a kind of target, each floor's table has, and nothing else."""
    assert set(table) == KINDS == set(get_args(Task))


def test_the_predictor_answers_every_kind_of_target() -> None:
    """Whatever can be trained can be answered."""
    assert set(LINKS) >= KINDS


def test_each_kind_of_target_has_every_way_to_score_a_column() -> None:
    """Each method of the config that scores columns alone works for each kind of target."""
    assert {kind: set(scores) for kind, scores in SCORES.items()} == dict.fromkeys(KINDS, ALONE)


@pytest.mark.source
def test_few_modules_name_a_kind_of_target() -> None:
    """Outside the seam, code does not know what kind of target it works for."""
    paths = [path for wing in (*MAKING, *JUDGING) for path in (SOURCES / wing).rglob("*.py")]
    naming = {str(each.relative_to(SOURCES)) for each in paths if names_a_kind(each)}
    assert naming == NAMING


def names_a_kind(path: Path) -> bool:
    """Whether the code does; comments and docstrings do not count."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return any(
        WORDS.search(each.string)
        for each in tokens
        if each.type != tokenize.COMMENT and not each.string.startswith('"""')
    )
