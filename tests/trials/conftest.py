"""Trials take minutes: kills, schedules that fire, queues. `make trials` runs them."""

from tests.e2e.conftest import environment, place, servers

__all__ = ["environment", "place", "servers"]
