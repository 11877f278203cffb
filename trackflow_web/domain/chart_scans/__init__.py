"""Uploaded chart files: what was found in them, and the songs that users confirm."""
