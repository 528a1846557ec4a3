"""From a trained network to both bundles."""
