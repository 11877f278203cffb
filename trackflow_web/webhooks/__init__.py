"""What webhooks are told: which events, in which words, and how that is sent."""
