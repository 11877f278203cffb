"""What every layer stands on: database, activities, unit of work, clock, errors, text."""
