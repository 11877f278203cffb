"""Admin: JSON API."""
