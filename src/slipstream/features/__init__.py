"""Normalising columns, and choosing them."""
