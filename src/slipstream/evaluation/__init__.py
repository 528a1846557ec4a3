"""How good and how fast a model is, and which variant wins."""
