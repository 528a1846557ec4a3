import numpy as np
import pytest

from slipstream.training.teaching.folds import FOLDS, assign_folds


def test_folds_are_of_one_size_and_share_each_label() -> None:
    """Each fold has its share of the rows, and of a rare label."""
    labels = np.r_[np.zeros(95), np.ones(5)]
    folds = assign_folds(100, 0, labels=labels)
    assert np.bincount(folds).tolist() == [20] * FOLDS
    assert sorted(folds[95:]) == list(range(FOLDS))


def test_no_group_is_in_two_folds() -> None:
    """Rows of one group get one fold, and folds stay about as large as each other."""
    groups = np.random.default_rng(0).integers(0, 40, 400)
    folds = assign_folds(400, 1, groups=groups)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in range(40))
    assert np.ptp(np.bincount(folds)) <= np.bincount(groups).max()


@pytest.mark.parametrize("groups", [2, 3])
def test_few_groups_give_few_folds(groups: int) -> None:
    """Each fold that there is has rows, and no number is left out."""
    folds = assign_folds(30, 0, groups=np.arange(30) % groups)
    assert sorted(np.unique(folds)) == list(range(groups))


def test_one_group_is_folded_by_chance() -> None:
    """Where all rows are of one group, each is still answered by a model that has not seen it."""
    assert len(np.unique(assign_folds(30, 0, groups=np.zeros(30, int)))) == FOLDS


def test_a_seed_gives_the_same_folds_and_another_others() -> None:
    """Folds follow from the seed."""
    first, again, other = (assign_folds(50, seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
