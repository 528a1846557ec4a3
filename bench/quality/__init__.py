"""Score, latency, size and training time of Slipstream and others, on the same rows of tables."""
