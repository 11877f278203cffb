"""The base of every layer: database, events, unit of work, clock, errors, text."""
