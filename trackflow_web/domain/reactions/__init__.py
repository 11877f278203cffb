"""Reactions to releases, awards, packs and comments."""
