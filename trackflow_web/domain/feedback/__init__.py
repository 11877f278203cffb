"""Feature requests and bug reports."""
