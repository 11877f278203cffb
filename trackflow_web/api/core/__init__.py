"""What every API view uses: authentication, bodies, problems, pagination, OpenAPI."""
