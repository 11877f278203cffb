"""What every API view uses: bodies, pagination, confirmation, OpenAPI."""
