"""Work outside requests."""
