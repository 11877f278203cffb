"""Granting and revoking achievements, who holds them and who may see it."""
