"""Models other than the one that was asked for."""
