"""Timing calls, with intervals and a noise floor."""
