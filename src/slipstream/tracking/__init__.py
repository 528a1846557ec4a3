"""MLflow: the runs that are written down, and the registry with its champion."""

from slipstream.tracking.runs import track

__all__ = ["track"]
