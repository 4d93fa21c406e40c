"""What is kept for analysis: the schema, the rows, the queries, and the native gateway."""
