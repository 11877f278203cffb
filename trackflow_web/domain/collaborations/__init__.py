"""Collaborations on songs. Knows songs only by their id."""
