"""Trials take minutes: kills, schedules that fire, queues. `make trials` runs them."""

from tests.e2e.conftest import environment, needs_chromium, place, servers

__all__ = ["environment", "needs_chromium", "place", "servers"]
