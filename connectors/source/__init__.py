"""The source tables in PostgreSQL, their publication and the roles that use them."""
