"""Relations: followed users, and muted users and objects."""
