"""Figures: what they say with colours and lines has a legend."""

from pathlib import Path

from slipstream.artifacts.references import Epoch, NetworkRef
from slipstream.evaluation.drift import Drift
from slipstream.reporting.plots import drift_figure, history_figure


def test_the_drift_figure_tells_its_thresholds_apart(tmp_path: Path) -> None:
    """Each threshold has its name, its colour and its line; bars have the colour of their level."""
    moved = {"calm": 0.02, "shifting": 0.15, "gone": 1.55}
    figure = drift_figure(Drift(psi=moved, outside_share=0.2, outside_share_then=0.01, rows=900))
    figure.savefig(tmp_path / "drift.png")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "stable: PSI below 0.1",
        "moderate: PSI 0.1 to 0.25",
        "shifted: PSI above 0.25",
    ]
    (axes,) = figure.get_axes()
    assert len({line.get_color() for line in axes.lines}) == len(axes.lines) == 2
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3


def test_the_drift_figure_marks_the_target() -> None:
    """Among the features, in the order of how far they moved."""
    psi = {"age": 0.02, "price": 1.5}
    moved = Drift(psi=psi, outside_share=0, outside_share_then=0, rows=9, target="price")
    (axes,) = drift_figure(moved).get_axes()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["price (target)", "age"]


def test_the_history_says_if_it_is_of_logarithms() -> None:
    """Losses on another scale are not those of the target's own."""
    epoch = Epoch(epoch=1, train={"loss": 0.5, "r2": 0.5}, validation={"loss": 0.6, "r2": 0.4})
    plain = NetworkRef.model_construct(history=(epoch,), best_epoch=1)
    logarithmic = plain.model_copy(update={"target_scale": "log1p"})
    assert history_figure(plain, "regression").get_suptitle() == ""
    assert "log(1 + target)" in history_figure(logarithmic, "regression").get_suptitle()
