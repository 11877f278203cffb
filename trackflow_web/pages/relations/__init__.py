"""Relations: pages."""
