"""Settings: JSON API."""
