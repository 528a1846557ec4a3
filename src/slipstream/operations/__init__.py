"""Servers, deployments and databases that people operate."""
