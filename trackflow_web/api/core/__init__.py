"""Helpers of all API views: bodies, pagination, confirmation, OpenAPI."""
