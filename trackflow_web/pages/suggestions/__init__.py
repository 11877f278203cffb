"""What fields offer while one types."""
