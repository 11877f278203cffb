"""Webhooks: messages about a user's public work to addresses that they chose."""
