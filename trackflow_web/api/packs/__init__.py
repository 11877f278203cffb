"""Packs: JSON API."""
