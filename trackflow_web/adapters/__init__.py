"""The outside world, behind ports that the domain declares."""
