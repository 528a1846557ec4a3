"""What every stage's task shares: caching, logs, the stage trace, how a run ends."""
