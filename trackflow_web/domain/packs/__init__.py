"""Packs: songs that are released together."""
