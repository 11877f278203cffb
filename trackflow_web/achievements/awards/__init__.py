"""Granting, revoking and hiding awards, and holder counts."""
