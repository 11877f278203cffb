"""Users and releases of the community: JSON API."""
