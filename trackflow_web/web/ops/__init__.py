"""Health, metrics, timing and logs for operators."""
