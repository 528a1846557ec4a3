"""The console script: one module a topic."""
