"""Runs and registered models in MLflow; nothing else imports mlflow."""
