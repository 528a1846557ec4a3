"""Figures of what a model answers."""

import numpy as np
import pytest

from slipstream.reporting.outcomes import confusion_figure, coverage_figure, residual_figure

RANDOM = np.random.default_rng(4)


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (10, 10), (50, 50), (100, 30), (400, 30)])
def test_labels_are_shown_as_long_as_they_can_be_read(count: int, shown: int) -> None:
    """Up to 50 labels all are on both axes; of more, those that are confused most."""
    target = RANDOM.integers(0, count, 5000)
    answers = np.where(target < 40, (target + 1) % min(count, 41), target)
    classes = tuple(f"$label$ {each}" for each in range(count))
    figure = confusion_figure(target, answers, classes)
    figure.canvas.draw()
    axes = figure.axes[0]
    assert len(axes.get_xticks()) == len(axes.get_yticks()) == shown
    assert axes.get_ylabel() == "true label"
    assert f"{(target == answers).sum():,} of 5,000 rows" in axes.get_title()
    written = [each.get_text() for each in axes.texts]
    assert len(written) == (count**2 if count <= 15 else 0)


def test_numbers_are_counted_and_outliers_do_not_stretch_the_axes() -> None:
    """One row in a thousand that is far off is not what the figure is about."""
    target = RANDOM.normal(100, 10, 2000)
    answers = target + RANDOM.normal(0, 3, 2000)
    target[0], answers[1] = 1e9, -1e9
    figure = residual_figure(target, answers, "price $")
    figure.canvas.draw()
    predicted, residuals = figure.axes[:2]
    assert predicted.get_xlim()[1] < 200
    assert residuals.get_ylim()[0] > -50
    assert predicted.get_xlabel() == r"true price \$"
    for bar in figure.axes[2:]:  # of rows, so there is no half of one
        ticks = [each.get_text() for each in bar.get_yticklabels(which="both")]
        assert ticks[:3] == ["1", "2", "3"]
        assert all(each.replace(",", "").isdigit() for each in ticks)


@pytest.mark.parametrize("count", [1, 3, 99])
def test_coverage_is_drawn_against_its_level(count: int) -> None:
    """A point for each level, in percent; its name too, where there is room."""
    levels = tuple(np.linspace(0, 1, count + 2)[1:-1].tolist())
    figure = coverage_figure(levels, [each**2 for each in levels], 400)
    figure.canvas.draw()
    (axes,) = figure.axes
    points = axes.lines[-1]
    assert points.get_xdata() == pytest.approx(100 * np.array(levels))
    assert points.get_ydata() == pytest.approx(100 * np.array(levels) ** 2)
    assert len(axes.texts) == (count if count <= 9 else 0)
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0, 100)


def test_one_answer_for_every_row_is_drawn() -> None:
    """A model that learned nothing has a figure too."""
    target = RANDOM.normal(size=50)
    residual_figure(target, np.zeros(50), "y").canvas.draw()
