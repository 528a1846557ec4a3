"""A bundle in another runtime's format."""
