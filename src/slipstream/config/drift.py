"""The section `drift`: limits from which a retraining warns."""

from pydantic import Field

from slipstream.config.section import Section

__all__ = ["DriftConfig"]


class DriftConfig(Section):
    """Limits above which a retraining warns that the data has moved; they decide nothing else."""

    max_psi: float = Field(
        0.25,
        ge=0,
        title="Drift limit (PSI)",
        description="warn where the population stability index (PSI) of a feature or of the target "
        "is above this",
    )
    max_outside_increase: float = Field(
        0.05,
        ge=0,
        le=1,
        title="Drift limit (rows outside)",
        description="warn where the share of rows outside calibration is above that of the "
        "champion's training rows by more than this",
    )
