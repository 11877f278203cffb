"""Uploaded covers of songs and packs."""
