"""Covers of songs and packs: HTML and pictures."""
