"""What people wish for and what is broken: feature requests and bug reports."""
