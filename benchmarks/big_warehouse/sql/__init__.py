"""One INSERT … SELECT a table."""
