"""Slipstream beside everyone else, in one process: `make bench`; see docs/guide/benchmark.md."""
