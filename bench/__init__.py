"""Slipstream and other libraries in one process: `make bench`; see docs/guide/benchmark.md."""
