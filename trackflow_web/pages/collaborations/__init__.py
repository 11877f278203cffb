"""Collaborations: HTML pages and fragments."""
