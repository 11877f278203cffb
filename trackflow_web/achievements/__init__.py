"""Achievements: the catalogue, counters and awards."""
