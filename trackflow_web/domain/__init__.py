"""The features as plain Python: models, queries, actions and rules, without the web."""
