"""Rechecks: recount from source rows and grant what is due."""
