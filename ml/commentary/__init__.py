"""What a folder of CSV files tells, counted as the pipeline counts: docs/data-commentary.md."""
