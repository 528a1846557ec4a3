"""From a source to a snapshot: reading, typing, splitting, sampling."""
