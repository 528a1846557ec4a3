"""MLflow: the runs that are written down, and the registry with its champion."""

from slipstream.tracking.registry import fetch_bundle
from slipstream.tracking.runs import track

__all__ = ["fetch_bundle", "track"]
