"""The user directory and the release grid: pages."""
