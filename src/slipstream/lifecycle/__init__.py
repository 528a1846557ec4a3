"""A registered model's life: retraining, promotion."""
