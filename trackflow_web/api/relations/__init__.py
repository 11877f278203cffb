"""Relations: JSON API."""
