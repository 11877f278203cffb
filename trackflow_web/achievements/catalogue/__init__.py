"""The catalogue: ladders in the code, the registry in memory, its copy in the database."""
