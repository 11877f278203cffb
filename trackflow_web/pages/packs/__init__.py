"""Packs: HTML pages and fragments."""
