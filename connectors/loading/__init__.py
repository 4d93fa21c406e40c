"""How CSV files become rows of the source tables: read, checked, put in order, written."""
