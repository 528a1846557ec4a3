"""Figures: what they say with colours and lines has a legend."""

from pathlib import Path

from slipstream.evaluation.drift import Drift
from slipstream.reporting.plots import drift_figure


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
