"""Chart files: JSON API."""
