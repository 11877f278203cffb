"""Series: JSON API."""
