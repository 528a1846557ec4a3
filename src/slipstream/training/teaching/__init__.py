"""The teacher: a larger model, whose out-of-fold answers a small network learns from."""
