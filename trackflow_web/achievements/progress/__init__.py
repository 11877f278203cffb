"""What a user has, is close to, and could do next."""
