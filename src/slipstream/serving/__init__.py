"""Rows in, answers out, in the forms callers have."""
